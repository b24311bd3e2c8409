#pragma once
// OData's query options as Dataverse has them, into a Query: $select, $filter, $orderby, $top, $count, $apply.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/schema/schema.h"

namespace crmpulse::sandbox {

struct OData {
  Query query;
  /// For each output the field it shows; null: a number (a count, a sum).
  std::vector<const Field*> fields;
  bool grouped = false;  ///< by $apply: rows are groups
  bool count = false;    ///< $count=true
};

using ODataOptions = std::map<std::string, std::string, std::less<>>;

/// Throws a Refusal, like Dataverse of unknown properties, and of $skip.
[[nodiscard]] OData read_odata(const ODataOptions& options, const Object& object, const Schema& schema, TimePoint now);

}  // namespace crmpulse::sandbox
