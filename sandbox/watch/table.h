#pragma once
// What the watcher shows, as text: pure functions from the API's answers to lines.

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace crmpulse::sandbox {

enum class Language { en, zh };

/// Columns a terminal needs for `text`: wide (CJK) characters count twice.
[[nodiscard]] int display_width(std::string_view text);
/// Pads or cuts to exactly `width` columns.
[[nodiscard]] std::string fit(std::string_view text, int width);

/// Lines of at most `width` columns, broken at blanks where there are any (Chinese has none); later lines are indented
/// like the first and two columns more.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, int width);

struct CrmRow {
  std::string crm;
  std::string kind;
  int level = -1;  ///< 0, 1, 2; -1 unknown
  std::string state;
  std::string score;
  std::string worst;   ///< dimension, value and threshold
  std::string reason;  ///< fault, or why
};
/// Rows from GET /api/v1/crms. Members that are absent leave blanks.
[[nodiscard]] std::vector<CrmRow> rows_from(const boost::json::value& crms, Language language);
/// The table with a heading; colours when `colour`.
[[nodiscard]] std::vector<std::string> table_lines(const std::vector<CrmRow>& rows, Language language, bool colour,
                                                   int width);
/// One alert of the generic webhook in two lines: what happened, what to do.
[[nodiscard]] std::vector<std::string> alert_lines(const boost::json::value& alert, Language language);

}  // namespace crmpulse::sandbox
