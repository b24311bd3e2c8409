#include <fmt/format.h>

#include <cmath>

#include "collector/report/format/formats.h"
#include "core/text/printable.h"

namespace crmpulse::collector::report {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string cell(std::string_view text) {
  std::string out = printable(text);
  // Names are others': a spreadsheet would run `=cmd|…` of a CRM's name.
  if (!out.empty() && std::string_view{"=+-@\t\r"}.find(out.front()) != std::string_view::npos) out.insert(0, "'");
  if (out.find_first_of(",\"\r\n") == std::string::npos) return out;
  std::string quoted = "\"";
  for (const char c : out) quoted += c == '"' ? std::string{"\"\""} : std::string{c};
  return quoted + "\"";
}

/// Numbers as every program reads them: a point, no exponent, nothing between thousands. Nine significant digits.
std::string number(const std::optional<double>& value) {
  if (!value || !std::isfinite(*value)) return {};
  const double size = std::abs(*value);
  const int before = size < 1 ? 0 : static_cast<int>(std::floor(std::log10(size))) + 1;
  std::string text = fmt::format("{:.{}f}", *value, std::max(0, 9 - before));
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

}  // namespace

std::string csv(const Report& report) {
  std::string out{kByteOrderMark};
  out += "period,crm,dimension,metric,value,unit,target,previous\r\n";
  const auto row = [&](const std::string& dimension, const std::string& metric, const std::optional<double>& value,
                       const std::string& unit, const std::optional<double>& target,
                       const std::optional<double>& previous) {
    out += fmt::format("{},{},{},{},{},{},{},{}\r\n", cell(report.period.id), cell(report.crm), cell(dimension),
                       cell(metric), number(value), cell(unit), number(target), number(previous));
  };
  for (const Figure& one : report.figures)
    row(one.dimension, one.name(), one.value, one.unit, one.target, one.previous);
  for (const GoalProgress& one : report.goals) {
    row("goals", one.goal.name, one.now ? std::optional{one.now->value} : std::nullopt, "", one.goal.target,
        one.began ? std::optional{one.began->value} : std::nullopt);
  }
  for (const std::string& dimension : report.not_measured) {
    // Availability has its row already, without a value.
    if (dimension != "availability") row(dimension, "not_measured", std::nullopt, "", std::nullopt, std::nullopt);
  }
  return out;
}

}  // namespace crmpulse::collector::report
