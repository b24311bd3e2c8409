#pragma once
// Salesforce's objects by name, their relationships, its ids and JSON values; objects.cpp has the table.

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/company/query.h"
#include "sandbox/schema/field.h"

namespace crmpulse::sandbox::salesforce {

/// All objects there are; a name is found without case.
[[nodiscard]] const std::vector<Object>& objects();
[[nodiscard]] const Object* object_named(std::string_view name);
[[nodiscard]] const Object* object_of(Kind kind);
/// Also dotted names the object lists itself (`Who.Type`).
[[nodiscard]] const Field* column_named(const Object& object, std::string_view name);
/// Returns the name by which a reference is followed (`AccountId`: `Account`), empty if the column is not a reference.
[[nodiscard]] std::string_view relationship_of(const Field& column);

// What may be done with a field in a query, by its type: Salesforce's tables of "Support for Field Types".
[[nodiscard]] bool is_groupable(FieldType type);
[[nodiscard]] bool is_sortable(FieldType type);
[[nodiscard]] bool is_aggregatable(FieldType type);  ///< by COUNT, COUNT_DISTINCT, MIN, MAX; SUM and AVG want numbers
/// Does this comparison exist for fields of this type?
[[nodiscard]] bool is_comparable(FieldType type, Compare how);

/// `(SELECT … FROM Tasks)` in a query of `parent`: the records of `object` whose `link` is the parent.
struct Children {
  std::string_view parent;
  std::string_view name;
  std::string_view object;
  std::string_view link;
};
[[nodiscard]] const Children* children_named(const Object& parent, std::string_view name);
[[nodiscard]] std::vector<Children> children_of(const Object& parent);

/// 18 characters: the object's prefix, our number, and Salesforce's checksum of the letters' case.
[[nodiscard]] std::string id_text(std::string_view prefix, RecordId id);
struct ParsedId {
  std::string prefix;
  RecordId id = 0;
};
/// 15 or 18 characters of our making.
[[nodiscard]] std::optional<ParsedId> parse_id(std::string_view text);

/// As the REST API writes it: `2026-11-21T18:00:00.000+0000`.
[[nodiscard]] std::string datetime_text(TimePoint time);
/// `own`: the object the record itself is of, for its Id.
[[nodiscard]] boost::json::value to_json(const Company& company, const Value& value, const Field& column,
                                         const Object& own);

inline constexpr std::string_view kOrganizationId = "00DSb0000000001";
inline constexpr std::string_view kInstance = "SBX1";

}  // namespace crmpulse::sandbox::salesforce
