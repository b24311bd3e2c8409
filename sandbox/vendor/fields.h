#pragma once
// A vendor's words for the one CRM: its objects, their fields, and how a field of the vendor's that the CRM does not
// store (a state code, milliseconds to the first answer) is worked out from what it does.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/company/company.h"
#include "sandbox/company/query.h"

namespace crmpulse::sandbox {

/// What a computed field may look at, during one call.
class Lookup {
 public:
  Lookup(const Company& of, TimePoint time) : company(of), now(time) {}
  const Company& company;
  TimePoint now;
  /// The first task about each lead and contact since it was there. Worked out once.
  [[nodiscard]] const std::map<RecordId, TimePoint>& first_touch() const;

 private:
  mutable std::optional<std::map<RecordId, TimePoint>> first_touch_;
};

enum class FieldType { text, number, boolean, date, time, id, reference };

struct FieldName {
  std::string_view vendor;
  std::string_view canonical;  ///< sandbox/company/company.h; empty: `compute`
  FieldType type = FieldType::text;
  Value (*compute)(const Lookup&, const Record&) = nullptr;
  void (*write)(const Value&, Fields&) = nullptr;  ///< of a computed field; null: written values are ignored
  bool read_only = false;
};

struct ObjectName {
  std::string_view path;      ///< as it stands in the vendor's paths: contacts, Leads, opportunities
  std::string_view singular;  ///< or another name it is called by
  Kind kind = Kind::account;
  std::span<const FieldName> fields;
  Condition (*only)() = nullptr;  ///< which of the kind's records; null: all
  bool writable = true;
};

using ParseId = std::optional<RecordId> (*)(std::string_view);

/// A vendor's objects during one call. `missing` is what an admin has removed: `Object` or `Object.Field`.
class Schema {
 public:
  Schema(std::span<const ObjectName> objects, ParseId parse_id, std::string_view missing)
      : objects_(objects), parse_id_(parse_id), missing_(missing) {}
  [[nodiscard]] const ObjectName* object(std::string_view name) const;
  [[nodiscard]] const FieldName* field(const ObjectName& object, std::string_view name) const;
  [[nodiscard]] std::vector<const FieldName*> fields(const ObjectName& object) const;
  [[nodiscard]] std::span<const ObjectName> objects() const { return objects_; }
  [[nodiscard]] std::optional<RecordId> id(std::string_view text) const { return parse_id_(text); }
  /// Reads a literal or a form value; a time may be ISO 8601, a date or milliseconds. Returns nullopt if the text is
  /// not of that type.
  [[nodiscard]] std::optional<Value> value(FieldType type, std::string_view text) const;
  /// Puts a written text into the canonical fields; an empty one is null, and a field that cannot be written is left
  /// out. Returns false if the text is not of the field's type.
  [[nodiscard]] bool write(const FieldName& field, const std::string& text, Fields& fields) const;

 private:
  [[nodiscard]] bool is_missing(const ObjectName& object, std::string_view field) const;
  std::span<const ObjectName> objects_;
  ParseId parse_id_;
  std::string missing_;
};

[[nodiscard]] Value value_of(const Lookup& lookup, const Record& record, const FieldName& field);
/// The live record of this object, or null.
[[nodiscard]] const Record* record_of(const Lookup& lookup, const ObjectName& object, RecordId id);

/// How a Query names a field: the canonical name, or for a computed field `=` and the vendor's. Only answer_query
/// knows the second kind.
[[nodiscard]] std::string query_name(const FieldName& field);
[[nodiscard]] Condition where(const FieldName& field, Compare how, std::vector<Value> values);
[[nodiscard]] Condition all_of(std::vector<Condition> children);
[[nodiscard]] Condition any_of(std::vector<Condition> children);
[[nodiscard]] Condition none_of(std::vector<Condition> children);
[[nodiscard]] Condition where(std::string_view canonical, Compare how, Value value);
[[nodiscard]] Condition never();

/// evaluate() for a vendor's object: its own records only, and computed fields in outputs, groups and order.
[[nodiscard]] Rows answer_query(const Lookup& lookup, const ObjectName& object, Query query, bool search = false);

// Values as texts and numbers.
[[nodiscard]] bool is_null(const Value& value);
[[nodiscard]] std::string text_of(const Value& value);  ///< empty unless it is text
[[nodiscard]] std::optional<TimePoint> time_of(const Value& value);
[[nodiscard]] RecordId id_of(const Value& value);  ///< 0: null
[[nodiscard]] bool truth_of(const Value& value);   ///< null is false
[[nodiscard]] std::string number_text(double number);
[[nodiscard]] std::string date_text(TimePoint time);
/// Returns a member of a record as text, empty if it is null.
[[nodiscard]] std::string text_field(const Record& record, std::string_view canonical);

// Computed fields that more than one vendor has.
[[nodiscard]] Value full_name(const Lookup& lookup, const Record& record);
/// Returns seconds from one canonical time to another, nullopt if one is null.
[[nodiscard]] std::optional<double> seconds_between(const Record& record, std::string_view from, std::string_view to);

}  // namespace crmpulse::sandbox
