#pragma once
// A vendor's objects during one call: what is there, what a text means in a field, and queries over computed fields.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/schema/field.h"

namespace crmpulse::sandbox {

using ParseId = std::optional<RecordId> (*)(std::string_view);

/// `missing` is what an admin has removed: `Object` or `Object.Field`.
class Schema {
 public:
  Schema(std::span<const Object> objects, ParseId parse_id, std::string_view missing)
      : objects_(objects), parse_id_(parse_id), missing_(missing) {}
  [[nodiscard]] const Object* object(std::string_view name) const;
  [[nodiscard]] const Field* field(const Object& object, std::string_view name) const;
  [[nodiscard]] std::vector<const Field*> fields(const Object& object) const;
  [[nodiscard]] std::span<const Object> objects() const { return objects_; }
  [[nodiscard]] std::optional<RecordId> id(std::string_view text) const { return parse_id_(text); }
  /// Reads a literal or a form value; a time may be ISO 8601, a date or milliseconds. Returns nullopt if the text is
  /// not of that type.
  [[nodiscard]] std::optional<Value> value(FieldType type, std::string_view text) const;
  /// Puts a written text into the canonical fields; an empty one is null, and a field that cannot be written is left
  /// out. Returns false if the text is not of the field's type. What else may be wrong with it: mismatch().
  [[nodiscard]] bool write(const Field& field, const std::string& text, Fields& fields) const;
  /// Looks at a text that is going to be written, and is of the field's type.
  [[nodiscard]] Mismatch mismatch(const Lookup& lookup, const Field& field, const std::string& text) const;

 private:
  [[nodiscard]] bool is_missing(const Object& object, std::string_view field) const;
  std::span<const Object> objects_;
  ParseId parse_id_;
  std::string missing_;
};

/// The live record of this object, or null.
[[nodiscard]] const Record* record_of(const Lookup& lookup, const Object& object, RecordId id);

/// How a Query names a field: the canonical name, or for a computed field `=` and the vendor's. Only answer_query
/// knows the second kind.
[[nodiscard]] std::string query_name(const Field& field);
[[nodiscard]] Condition where(const Field& field, Compare how, std::vector<Value> values);
/// evaluate() for a vendor's object: its own records only, and computed fields in outputs, groups and order.
[[nodiscard]] Rows answer_query(const Lookup& lookup, const Object& object, Query query, bool search = false);

}  // namespace crmpulse::sandbox
