#include "sandbox/watch/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "core/text/width.h"
#include "sandbox/watch/answer.h"

namespace crmpulse::sandbox {
namespace {

std::optional<double> number(const boost::json::value& value, std::string_view name) {
  const auto* found = member_of(value, name);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return found->to_number<double>();
}

/// `response time 410 ms (limit 250 ms)` of the worst dimension; nothing when all are healthy.
std::string worst_dimension(const boost::json::value& crm, Language language) {
  const bool zh = language == Language::zh;
  std::string worst;
  int worst_level = 0;
  for (const auto& dimension : items_of(crm, "dimensions")) {
    const int level = level_of(shown_member(dimension, "state"));
    if (level <= worst_level) continue;
    worst_level = level;
    worst = dimension_word(shown_member(dimension, "dimension"), language);
    const auto value = number(dimension, "value");
    const auto limit = number(dimension, level == 2 ? "poor" : "sub_healthy");
    if (shown_member(dimension, "data_status") == "no_data") {
      worst += zh ? "（暂无数据）" : " (no data)";
    } else if (value) {
      const std::string unit = shown_member(dimension, "unit");
      worst += " " + value_word(*value, unit, language);
      if (limit)
        worst += zh ? fmt::format("（限值 {}）", value_word(*limit, unit, language))
                    : fmt::format(" (limit {})", value_word(*limit, unit, language));
    }
  }
  return worst;
}

/// The dimensions whose rules have not had enough readings.
std::string waiting_for(const boost::json::value& crm, Language language) {
  constexpr std::size_t kMost = 3;
  const bool zh = language == Language::zh;
  std::vector<std::string> names;
  for (const auto& dimension : items_of(crm, "dimensions")) {
    if (shown_member(dimension, "data_status") == "warming_up")
      names.push_back(dimension_word(shown_member(dimension, "dimension"), language));
  }
  if (names.empty()) return zh ? "等待首批读数" : "waiting for the first readings";
  const std::size_t more = names.size() > kMost ? names.size() - kMost : 0;
  names.resize(names.size() - more);
  std::string out = zh ? fmt::format("等待读数：{}", fmt::join(names, "、"))
                       : fmt::format("waiting for readings: {}", fmt::join(names, ", "));
  if (more > 0) out += zh ? fmt::format(" 等 {} 项", names.size() + more) : fmt::format(" and {} more", more);
  return out;
}

/// The sentence in the reader's language, in English if it is not translated.
std::string in_language(const boost::json::value& value, std::string_view en, std::string_view zh, Language language) {
  const std::string own = language == Language::zh ? shown_member(value, zh) : std::string{};
  return own.empty() ? shown_member(value, en) : own;
}

std::string reason_of(const boost::json::value& crm, Language language) {
  if (level_of(shown_member(crm, "state")) < 0) return waiting_for(crm, language);
  const auto* incident = member_of(crm, "incident");
  const auto* fault = incident != nullptr ? member_of(*incident, "fault") : nullptr;
  if (fault != nullptr)
    return fault_words(shown_member(*fault, "verdict"), in_language(*fault, "why", "why_zh", language), language);
  const auto* report = member_of(crm, "vendor_report");
  return report != nullptr ? in_language(*report, "en", "zh", language) : std::string{};
}

std::string_view colour_of(int level) {
  switch (level) {
    case 0: return "\x1b[32m";
    case 1: return "\x1b[33m";
    case 2: return "\x1b[31m";
    default: return "\x1b[90m";
  }
}

/// Widths of the columns; 0: it is not shown, and what would stand in it stands below.
struct Columns {
  int crm = 0;
  int kind = 0;
  int state = 0;
  int score = 0;
  int faults = 0;
  int worst = 0;
  int reason = 0;
};
constexpr int kMark = 2;  ///< before the name
constexpr int kLeastWorst = 36;
constexpr int kMostWorst = 48;

CrmRow heading_of(Language language) {
  const bool zh = language == Language::zh;
  CrmRow heading;
  heading.crm = "CRM";
  heading.kind = zh ? "类型" : "kind";
  heading.state = zh ? "状态" : "state";
  heading.score = zh ? "评分" : "score";
  heading.faults = zh ? "注入" : "fault";
  heading.worst = zh ? "最差维度" : "worst dimension";
  heading.reason = zh ? "原因" : "reason";
  return heading;
}

int widest(const std::vector<CrmRow>& rows, const CrmRow& heading, std::string CrmRow::* column, int most) {
  int width = display_width(heading.*column);
  for (const CrmRow& row : rows) width = std::max(width, display_width(row.*column));
  return std::min(width, most);
}

Columns columns_for(const std::vector<CrmRow>& rows, const CrmRow& heading, const TableStyle& style, int width) {
  Columns columns;
  columns.crm = widest(rows, heading, &CrmRow::crm, width < 100 ? 16 : 28);
  columns.state = widest(rows, heading, &CrmRow::state, 14);
  columns.score = std::max(5, display_width(heading.score));
  if (style.with_faults) columns.faults = widest(rows, heading, &CrmRow::faults, 9);
  int left = width - kMark - columns.crm - columns.state - columns.score - 2;
  if (columns.faults > 0) left -= columns.faults + 1;
  if (width >= 100) {
    columns.kind = widest(rows, heading, &CrmRow::kind, 16);
    left -= columns.kind + 1;
  }
  if (left - 1 < kLeastWorst) return columns;
  columns.worst = std::min(left - 1, kMostWorst);
  const int room = left - 1 - columns.worst - 1;
  // A sentence that is cut explains nothing: then all of them stand below.
  if (room >= widest(rows, heading, &CrmRow::reason, room + 1)) columns.reason = room;
  return columns;
}

std::string row_line(const CrmRow& row, const Columns& columns, std::string_view mark, bool colour) {
  std::string line = fmt::format("{}{}", fit(mark, kMark), shortened(row.crm, columns.crm));
  if (columns.kind > 0) line += " " + shortened(row.kind, columns.kind);
  const std::string state = fit(row.state, columns.state);
  line += colour ? fmt::format(" {}{}\x1b[0m", colour_of(row.level), state) : " " + state;
  line += " " + fit(row.score, columns.score);
  if (columns.faults > 0) line += " " + shortened(row.faults, columns.faults);
  if (columns.worst > 0) line += " " + shortened(row.worst, columns.worst);
  if (columns.reason > 0) line += " " + shortened(row.reason, columns.reason);
  return line;
}

std::string below(const CrmRow& row, const Columns& columns) {
  std::vector<std::string> parts;
  if (columns.worst == 0 && !row.worst.empty()) parts.push_back(row.worst);
  if (columns.reason == 0 && !row.reason.empty()) parts.push_back(row.reason);
  return fmt::format("{}", fmt::join(parts, " | "));
}

}  // namespace

std::vector<CrmRow> rows_from(const boost::json::value& crms, Language language) {
  std::vector<CrmRow> rows;
  for (const auto& crm : items_of(crms, "crms")) {
    const std::string state = shown_member(crm, "state");
    CrmRow row;
    row.crm = shown_member(crm, "crm");
    row.kind = shown_member(crm, "kind");
    row.level = level_of(state);
    row.state = state_word(state, language);
    if (const auto score = number(crm, "score")) row.score = fmt::format("{:.3g}", *score);
    row.worst = worst_dimension(crm, language);
    row.reason = reason_of(crm, language);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<std::string> table_lines(const std::vector<CrmRow>& rows, const TableStyle& style, int width) {
  const CrmRow heading = heading_of(style.language);
  const Columns columns = columns_for(rows, heading, style, width);
  std::vector<std::string> lines{row_line(heading, columns, "", false)};
  for (const CrmRow& row : rows) {
    lines.push_back(row_line(row, columns, row.crm == style.selected ? ">" : "", style.colour));
    const std::string more = below(row, columns);
    if (more.empty()) continue;
    for (std::string& line : wrap("    " + more, width)) lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> table_within(std::vector<CrmRow> rows, const TableStyle& style, int width,
                                      std::size_t height) {
  std::vector<std::string> lines = table_lines(rows, style, width);
  if (lines.size() <= height) return lines;
  for (CrmRow& row : rows) {
    if (row.level == 0) row.reason.clear();
  }
  lines = table_lines(rows, style, width);
  std::stable_sort(rows.begin(), rows.end(), [](const CrmRow& a, const CrmRow& b) { return a.level > b.level; });
  const std::size_t all = rows.size();
  while (lines.size() + 1 > height && rows.size() > 1) {
    rows.pop_back();
    lines = table_lines(rows, style, width);
  }
  if (rows.size() < all)
    lines.push_back(fit(style.language == Language::zh ? fmt::format("  … 另有 {} 个 CRM", all - rows.size())
                                                       : fmt::format("  … and {} more CRMs", all - rows.size()),
                        width));
  return lines;
}

}  // namespace crmpulse::sandbox
