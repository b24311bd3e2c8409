#pragma once
// read_group: counts and sums by fields, and values as Odoo writes them.

#include <boost/json/value.hpp>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "sandbox/odoo/domain.h"

namespace crmpulse::sandbox::selfhosted {

/// The arguments of read_group as they came; null when not given.
struct GroupQuery {
  boost::json::value fields;   ///< `amount:sum`, `user_id:count_distinct`, `n:count(id)`, or a bare name: its sum
  boost::json::value groupby;  ///< `stage_id`, `date_closed:month`
  std::optional<std::size_t> offset;
  std::optional<std::size_t> limit;
  boost::json::value orderby;  ///< `amount desc, stage_id`
  boost::json::value lazy;     ///< default true: only the first groupby, counted as FIELD_count
};
using NameOf = std::function<std::string(const Field&, RecordId)>;

/// An array of groups, by the order of their keys unless `orderby` says otherwise.
[[nodiscard]] boost::json::value grouped(const std::vector<ModelRow>& rows, const Object& model,
                                         const FieldOf& field_of, const GroupQuery& query, const NameOf& name_of);

/// Null is false, a many2one is [id, name], times are UTC without zone.
[[nodiscard]] boost::json::value odoo_value(const Field& field, const Value& value, const NameOf& name_of);

}  // namespace crmpulse::sandbox::selfhosted
