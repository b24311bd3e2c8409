#pragma once
// The CRMs as rows of a table: pure functions from the API's answers to lines.

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "sandbox/watch/words.h"

namespace crmpulse::sandbox {

struct CrmRow {
  std::string crm;
  std::string kind;
  int level = -1;  ///< 0, 1, 2; -1 unknown
  std::string state;
  std::string score;
  std::string worst;   ///< dimension, value and limit of what fails most
  std::string reason;  ///< whose fault it looks like and why; what the vendor reports; what is waited for
  std::string faults;  ///< keys of the faults that are on: `2+7`
};
/// Rows from GET /api/v1/crms, in its order. Members that are absent leave blanks.
[[nodiscard]] std::vector<CrmRow> rows_from(const boost::json::value& crms, Language language);

/// How a table is drawn.
struct TableStyle {
  Language language = Language::en;
  bool colour = false;
  bool with_faults = false;  ///< a column for `faults`
  std::string selected;      ///< this CRM is marked; empty: none is
};
/// A heading, then for each CRM one line, and below it what has no room in a column, of at most `width` columns each.
[[nodiscard]] std::vector<std::string> table_lines(const std::vector<CrmRow>& rows, const TableStyle& style, int width);
/// Like table_lines(), in at most `height` lines: first without the lines below those that are healthy, then with the
/// worst CRMs alone, and how many more there are.
[[nodiscard]] std::vector<std::string> table_within(std::vector<CrmRow> rows, const TableStyle& style, int width,
                                                    std::size_t height);

}  // namespace crmpulse::sandbox
