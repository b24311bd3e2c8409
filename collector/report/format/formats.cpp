#include "collector/report/format/formats.h"

#include <fmt/format.h>

#include "collector/text/json_text.h"

namespace crmpulse::collector::report {

std::optional<Format> format_from(std::string_view text) {
  if (text == "html") return Format::html;
  if (text == "csv") return Format::csv;
  if (text == "json") return Format::json;
  return std::nullopt;
}

std::string_view media_type(Format format) {
  switch (format) {
    case Format::html: return "text/html; charset=utf-8";
    case Format::csv: return "text/csv; charset=utf-8; header=present";
    case Format::json: break;
  }
  return "application/json";
}

std::string file_name(const Report& report, Format format) {
  constexpr std::size_t kLongest = 80;
  std::string crm = report.crm.substr(0, kLongest);
  for (char& c : crm) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    if (!plain) c = '_';
  }
  std::string period = report.period.id;
  if (const std::size_t dots = period.find(".."); dots != std::string::npos) period.replace(dots, 2, "_");
  const std::string_view end = format == Format::html ? "html" : format == Format::csv ? "csv" : "json";
  return fmt::format("crmpulse-{}-{}.{}", crm, period, end);
}

std::string render(const Report& report, Format format, Language language) {
  switch (format) {
    case Format::html: return html(report, language);
    case Format::csv: return csv(report);
    case Format::json: break;
  }
  return to_text(json(report)) + "\n";
}

}  // namespace crmpulse::collector::report
