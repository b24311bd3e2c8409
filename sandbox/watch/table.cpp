#include "sandbox/watch/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/text/utf8.h"

namespace crmpulse::sandbox {
namespace {

const boost::json::value* member(const boost::json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  return object != nullptr ? object->if_contains(name) : nullptr;
}

std::string text(const boost::json::value& value, std::string_view name) {
  const auto* found = member(value, name);
  return found != nullptr && found->is_string() ? std::string{found->get_string()} : std::string{};
}

std::string number(const boost::json::value& value, std::string_view name) {
  const auto* found = member(value, name);
  if (found == nullptr || !found->is_number()) return {};
  return fmt::format("{:.3g}", found->to_number<double>());
}

int level_of(std::string_view state) {
  return state == "healthy" ? 0 : state == "sub_healthy" ? 1 : state == "poor" ? 2 : -1;
}

std::string state_word(std::string_view state, Language language) {
  const bool zh = language == Language::zh;
  switch (level_of(state)) {
    case 0: return zh ? "● 理想" : "● healthy";
    case 1: return zh ? "▲ 亚健康" : "▲ sub-healthy";
    case 2: return zh ? "■ 不良" : "■ poor";
    default: return zh ? "○ 预热中" : "○ warming up";
  }
}

/// `latency 0.41 seconds (limit 0.25)` of the worst dimension; nothing when all are healthy.
std::string worst_dimension(const boost::json::value& crm) {
  const auto* dimensions = member(crm, "dimensions");
  if (dimensions == nullptr || !dimensions->is_array()) return {};
  std::string worst;
  int worst_level = 0;
  for (const auto& dimension : dimensions->get_array()) {
    const int level = level_of(text(dimension, "state"));
    if (level <= worst_level) continue;
    worst_level = level;
    const std::string value = number(dimension, "value");
    worst = text(dimension, "dimension");
    if (text(dimension, "data_status") == "no_data") {
      worst += " (no data)";
    } else if (!value.empty()) {
      worst += fmt::format(" {} {} (limit {})", value, text(dimension, "unit"),
                           number(dimension, level == 2 ? "poor" : "sub_healthy"));
    }
  }
  return worst;
}

/// Returns the fault's sentence in the reader's language, in English if it is not translated.
std::string reason_of(const boost::json::value& fault, Language language) {
  const std::string own = language == Language::zh ? text(fault, "why_zh") : std::string{};
  return own.empty() ? text(fault, "why") : own;
}

std::string why(const boost::json::value& crm, Language language) {
  const auto* incident = member(crm, "incident");
  const auto* fault = incident != nullptr ? member(*incident, "fault") : nullptr;
  return fault != nullptr ? reason_of(*fault, language) : std::string{};
}

std::string_view colour_of(int level) {
  switch (level) {
    case 0: return "\x1b[32m";
    case 1: return "\x1b[33m";
    case 2: return "\x1b[31m";
    default: return "\x1b[90m";
  }
}

}  // namespace

int display_width(std::string_view text) {
  int width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (utf8::continues(text[i])) continue;
    // Three-byte sequences from U+2E80 on are CJK in what we print; symbols below (● ▲ ■ …) are narrow.
    width += lead >= 0xe3 && lead < 0xf0                                                                ? 2
             : (lead == 0xe2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0xba) ? 2
                                                                                                        : 1;
  }
  return width;
}

std::string fit(std::string_view text, int width) {
  std::string out;
  int used = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    std::size_t next = i + 1;
    while (next < text.size() && utf8::continues(text[next])) ++next;
    const int columns = display_width(text.substr(i, next - i));
    if (used + columns > width) break;
    out.append(text.substr(i, next - i));
    used += columns;
    i = next;
  }
  return out.append(static_cast<std::size_t>(std::max(0, width - used)), ' ');
}

std::vector<std::string> wrap(std::string_view text, int width) {
  std::vector<std::string> lines;
  const std::size_t indent = std::min(text.find_first_not_of(' '), text.size());
  const std::string margin(indent + 2, ' ');
  std::string line;
  while (display_width(line) + display_width(text) > width) {
    const std::string cut = fit(text, width - display_width(line));
    // fit() pads where a wide character does not fit: only what stands in the text counts.
    std::size_t length = std::min(cut.size(), text.size());
    while (length > 0 && text.substr(0, length) != std::string_view{cut}.substr(0, length)) --length;
    const std::size_t blank = text.substr(0, length).rfind(' ');
    if (blank != std::string_view::npos && blank > indent) length = blank;
    if (length == 0) break;
    lines.push_back(line + std::string{text.substr(0, length)});
    text.remove_prefix(length);
    while (text.starts_with(' ')) text.remove_prefix(1);
    line = margin;
  }
  lines.push_back(line + std::string{text});
  return lines;
}

std::vector<CrmRow> rows_from(const boost::json::value& crms, Language language) {
  std::vector<CrmRow> rows;
  const auto* list = member(crms, "crms");
  if (list == nullptr || !list->is_array()) return rows;
  for (const auto& crm : list->get_array()) {
    const std::string state = text(crm, "state");
    rows.push_back({text(crm, "crm"), text(crm, "kind"), level_of(state), state_word(state, language),
                    number(crm, "score"), worst_dimension(crm), why(crm, language)});
  }
  return rows;
}

std::vector<std::string> table_lines(const std::vector<CrmRow>& rows, Language language, bool colour, int width) {
  constexpr std::array<int, 5> kWidths{12, 10, 15, 7, 44};
  const int reason_width = std::max(20, width - 12 - 10 - 15 - 7 - 44 - 5);
  const auto line = [&](const CrmRow& row, std::string_view before, std::string_view after) {
    return fmt::format("{} {} {}{}{} {} {} {}", fit(row.crm, kWidths[0]), fit(row.kind, kWidths[1]), before,
                       fit(row.state, kWidths[2]), after, fit(row.score, kWidths[3]), fit(row.worst, kWidths[4]),
                       fit(row.reason, reason_width));
  };
  const bool zh = language == Language::zh;
  CrmRow heading{"CRM",
                 zh ? "类型" : "kind",
                 -1,
                 zh ? "状态" : "state",
                 zh ? "评分" : "score",
                 zh ? "最差维度" : "worst dimension",
                 zh ? "原因" : "reason"};
  std::vector<std::string> lines{line(heading, "", "")};
  for (const CrmRow& row : rows)
    lines.push_back(line(row, colour ? colour_of(row.level) : "", colour ? "\x1b[0m" : ""));
  return lines;
}

std::vector<std::string> alert_lines(const boost::json::value& alert, Language language) {
  const char* tongue = language == Language::zh ? "zh" : "en";
  std::vector<std::string> lines{fmt::format("{}  {}  {}  {}", text(alert, "at"), text(alert, "type"),
                                             text(alert, "crm"), state_word(text(alert, "state"), language))};
  if (const auto* fault = member(alert, "fault"); fault != nullptr) {
    const std::string reason = reason_of(*fault, language);
    if (!reason.empty()) lines.front() += "  " + reason;
  }
  const auto* failing = member(alert, "failing");
  if (failing == nullptr || !failing->is_array()) return lines;
  std::string before;
  for (const auto& item : failing->get_array()) {
    const auto* remedy = member(item, "remedy");
    if (remedy == nullptr || !remedy->is_object() || text(*remedy, tongue) == before) continue;
    before = text(*remedy, tongue);
    lines.push_back(fmt::format("    {}: {}", text(item, "dimension"), before));
  }
  return lines;
}

}  // namespace crmpulse::sandbox
