#pragma once
// A recipe made from what stands somewhere that no recipe knows: to begin with, and to be edited.

#include <string>
#include <string_view>
#include <vector>

#include "agent/setup/database.h"

namespace crmpulse::agent::setup {

/// Returns a recipe that measures the newest change and the number of records of up to eight tables with a column that
/// says when a record changed. Large tables whose column has no index are left out, and said: asking them would cost
/// the CRM. An error if no table has such a column.
[[nodiscard]] Result<std::string> database_skeleton(const std::string& name, probes::Dialect dialect,
                                                    const std::vector<SeenTable>& tables);

/// Returns a recipe for a web address whose `body` was answered to a GET of `path` (empty: the address itself): of the
/// first list of records in it the number and the newest change; every path of the answer stands in a comment, its
/// values do not.
[[nodiscard]] std::string web_skeleton(const std::string& name, std::string_view body);

/// A recipe's name: letters, digits, _ and -, beginning with a letter.
[[nodiscard]] std::string recipe_name_of(std::string_view name);

}  // namespace crmpulse::agent::setup
