#pragma once
// A vendor's objects and fields over the company: one table for every vendor, filled by the vendor alone.

#include <cstddef>
#include <map>
#include <optional>
#include <span>
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
  /// Returns the record a value refers to, null if it refers to none.
  [[nodiscard]] const Record* record(const Value& reference) const;
  /// The first task about each lead and contact since it was there. Worked out once.
  [[nodiscard]] const std::map<RecordId, TimePoint>& first_touch() const;

 private:
  mutable std::optional<std::map<RecordId, TimePoint>> first_touch_;
};

/// From `picklist` on, a vendor's finer words for text and number. `long_text`: many lines, which no vendor groups by.
enum class FieldType {
  id,
  text,
  number,
  boolean,
  time,
  date,
  reference,
  picklist,
  email,
  phone,
  url,
  object_name,
  integer,
  currency,
  long_text
};

[[nodiscard]] constexpr bool is_number(FieldType type) {
  return type == FieldType::number || type == FieldType::integer || type == FieldType::currency;
}
[[nodiscard]] constexpr bool is_day_or_time(FieldType type) {
  return type == FieldType::time || type == FieldType::date;
}
[[nodiscard]] constexpr bool is_id(FieldType type) {
  return type == FieldType::id || type == FieldType::reference;
}
/// Text of whatever kind, also one from a list.
[[nodiscard]] constexpr bool is_text(FieldType type) {
  return !is_number(type) && !is_day_or_time(type) && !is_id(type) && type != FieldType::boolean;
}

struct Field {
  std::string_view name;            ///< as the vendor writes it
  std::string_view canonical = {};  ///< sandbox/company/company.h, may follow references; empty: `read`
  FieldType type = FieldType::text;
  Value (*read)(const Lookup&, const Record&) = nullptr;
  void (*write)(const Value&, Fields&) = nullptr;  ///< of a field that is read so; null: written values are ignored
  bool read_only = false;
  bool required = false;
  bool filterable = true;
  std::string_view target = {};  ///< of a reference: the object it points to, where the vendor tells it
  std::size_t longest = 0;       ///< characters of a written text; 0: the vendor sets no bound
  std::span<const std::string_view> options = {};  ///< all values that may be written (numbers too); empty: any
  bool stored = true;  ///< false: worked out when it is asked for, so that no rows are sorted or grouped by it
};

[[nodiscard]] constexpr Field read_only(std::string_view name, std::string_view canonical,
                                        FieldType type = FieldType::text) {
  return {name, canonical, type, nullptr, nullptr, true};
}
[[nodiscard]] constexpr Field refers(std::string_view name, std::string_view canonical, std::string_view target,
                                     Value (*read)(const Lookup&, const Record&) = nullptr) {
  return {name, canonical, FieldType::reference, read, nullptr, false, false, true, target};
}
/// The same field with a bound on what is written to it.
[[nodiscard]] constexpr Field at_most(std::size_t characters, Field field) {
  field.longest = characters;
  return field;
}
[[nodiscard]] constexpr Field one_of(std::span<const std::string_view> options, Field field) {
  field.options = options;
  return field;
}

[[nodiscard]] constexpr Field not_stored(Field field) {
  field.stored = false;
  return field;
}

struct Object {
  std::string_view name;         ///< as it stands in paths: contacts, Leads, crm.lead
  std::string_view alias = {};   ///< another name it is called by, or its label
  std::vector<Kind> kinds = {};  ///< whose records are its rows, new ones of the first; none: the rows are made up
  std::vector<Field> fields = {};
  Condition (*only)() = nullptr;  ///< which of the kinds' records; null: all
  bool writable = true;
  std::string_view prefix = {};  ///< of its records' ids, where the vendor has one
  /// Rows that are not records of their own (stages, messages made from tasks), instead of `kinds`.
  std::vector<Record> (*made_up)(const Company&, TimePoint) = nullptr;

  [[nodiscard]] bool is_stored() const { return !kinds.empty(); }
  [[nodiscard]] Kind kind() const { return kinds.front(); }
  /// Returns the field of exactly this name, null if there is none.
  [[nodiscard]] const Field* find(std::string_view field_name) const;
};

/// Returns the object's own fields between those every object of the vendor has; an own one stands for one of these.
[[nodiscard]] std::vector<Field> with_audit(std::span<const Field> first, std::span<const Field> own,
                                            std::span<const Field> last = {});

[[nodiscard]] Value value_of(const Lookup& lookup, const Record& record, const Field& field);
/// Puts a value under its canonical name; a computed field puts it where it likes, or nowhere.
void store(const Field& field, const Value& value, Fields& fields);

/// Why a value cannot be written to a field of its type.
enum class Mismatch { none, length, option, reference };
/// `reference`: to a record that is not there, or is not of a kind the field refers to. Null fits everywhere.
[[nodiscard]] Mismatch mismatch_of(const Lookup& lookup, const Field& field, const Value& value);

// Computed fields that more than one vendor has.
[[nodiscard]] Value full_name(const Lookup& lookup, const Record& record);
[[nodiscard]] Value account_name(const Lookup& lookup, const Record& record);
/// What a task is about: the person when there is one.
[[nodiscard]] Value task_about(const Lookup& lookup, const Record& task);
void write_task_about(const Value& value, Fields& fields);
[[nodiscard]] Value task_progress(const Lookup& lookup, const Record& task);  ///< Not Started, Completed
[[nodiscard]] Value always_false(const Lookup& lookup, const Record& record);

}  // namespace crmpulse::sandbox
