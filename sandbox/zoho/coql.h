#pragma once
// COQL, Zoho CRM's query language, into a Query: select, from, where, group by, order by, limit, offset.

#include <string_view>
#include <vector>

#include "sandbox/expression/refusal.h"
#include "sandbox/schema/schema.h"

namespace crmpulse::sandbox {

struct Coql {
  const Object* object = nullptr;
  Query query;
  /// For each output the field whose type its value has; null: a number (a count).
  std::vector<const Field*> fields;
  bool grouped = false;  ///< the rows are groups: they have no id
};

/// Zoho's own bounds hold: WHERE must be there, at most two criteria without brackets, 25 criteria, 50 columns,
/// 5 aggregates, 4 groups, 10 orders, 2,000 rows (200 when nothing is said).
[[nodiscard]] Understood<Coql> parse_coql(std::string_view text, const Schema& schema);

}  // namespace crmpulse::sandbox
