#include "sandbox/schema/schema.h"

#include <algorithm>

#include "core/text/ascii.h"
#include "sandbox/company/values.h"

namespace crmpulse::sandbox {
namespace {

std::optional<Value> time_value(std::string_view text) {
  if (text.size() == 10 && text[4] == '-') {
    const auto day = parse_time(std::string{text} + "T00:00:00Z");
    return day ? std::optional<Value>{*day} : std::nullopt;
  }
  if (const auto millis = number_from<std::int64_t>(text)) return Value{from_unix_millis(*millis)};
  const auto time = parse_time(text);
  return time ? std::optional<Value>{*time} : std::nullopt;
}

/// Does this query name a field only the vendor's table can work out?
bool is_computed(std::string_view field) {
  return !field.empty() && field.front() == '=';
}

bool uses_computed(const Condition& condition) {
  return is_computed(condition.field) ||
         std::any_of(condition.children.begin(), condition.children.end(), uses_computed);
}

bool uses_computed(const Query& query) {
  const auto output = [](const Output& one) { return is_computed(one.field); };
  return uses_computed(query.where) || std::any_of(query.outputs.begin(), query.outputs.end(), output) ||
         std::any_of(query.group_by.begin(), query.group_by.end(), output) ||
         std::any_of(query.order_by.begin(), query.order_by.end(),
                     [](const Order& order) { return is_computed(order.field); });
}

/// Copies of the object's records with the computed fields beside the stored ones.
std::vector<Record> with_computed(const Lookup& lookup, const Object& object, bool search) {
  std::vector<Record> records;
  for (const RecordId id : lookup.company.of(object.kind())) {
    const Record* record = lookup.company.find(id);
    if (record == nullptr || record->deleted || (search && record->visible > lookup.now)) continue;
    Record& copy = records.emplace_back(*record);
    for (const Field& field : object.fields) {
      if (field.read != nullptr) copy.fields[query_name(field)] = field.read(lookup, *record);
    }
  }
  return records;
}

}  // namespace

bool Schema::is_missing(const Object& object, std::string_view field) const {
  if (missing_.empty()) return false;
  const auto dot = missing_.find('.');
  const std::string_view of = std::string_view{missing_}.substr(0, dot);
  if (!ascii::same_without_case(of, object.name) && !ascii::same_without_case(of, object.alias)) return false;
  return dot == std::string::npos ? field.empty() : ascii::same_without_case(missing_.substr(dot + 1), field);
}

const Object* Schema::object(std::string_view name) const {
  for (const Object& object : objects_) {
    if (object.name == name || object.alias == name) return is_missing(object, {}) ? nullptr : &object;
  }
  return nullptr;
}

const Field* Schema::field(const Object& object, std::string_view name) const {
  for (const Field& field : object.fields) {
    if (ascii::same_without_case(field.name, name)) return is_missing(object, name) ? nullptr : &field;
  }
  return nullptr;
}

std::vector<const Field*> Schema::fields(const Object& object) const {
  std::vector<const Field*> fields;
  for (const Field& field : object.fields) {
    if (!is_missing(object, field.name)) fields.push_back(&field);
  }
  return fields;
}

std::optional<Value> Schema::value(FieldType type, std::string_view text) const {
  switch (type) {
    case FieldType::boolean:
      if (ascii::same_without_case(text, "true") || text == "1") return Value{true};
      return ascii::same_without_case(text, "false") || text == "0" ? std::optional<Value>{false} : std::nullopt;
    case FieldType::number:
    case FieldType::integer:
    case FieldType::currency: {
      const auto number = number_from<double>(text);
      return number ? std::optional<Value>{*number} : std::nullopt;
    }
    case FieldType::date:
    case FieldType::time: return time_value(text);
    case FieldType::id:
    case FieldType::reference: {
      const auto found = parse_id_(text);
      return found ? std::optional<Value>{static_cast<double>(*found)} : std::nullopt;
    }
    default: return Value{std::string{text}};
  }
}

bool Schema::write(const Field& field, const std::string& text, Fields& fields) const {
  const auto typed = text.empty() ? std::optional<Value>{Value{}} : value(field.type, text);
  if (!typed || field.read_only) return typed.has_value();
  store(field, *typed, fields);
  return true;
}

Mismatch Schema::mismatch(const Lookup& lookup, const Field& field, const std::string& text) const {
  if (text.empty() || field.read_only) return Mismatch::none;
  const auto typed = value(field.type, text);
  return typed ? mismatch_of(lookup, field, *typed) : Mismatch::none;
}

const Record* record_of(const Lookup& lookup, const Object& object, RecordId id) {
  const Record* record = lookup.company.find(id);
  if (record == nullptr || record->deleted || record->kind != object.kind()) return nullptr;
  return object.only == nullptr || holds(lookup.company, object.only(), *record, lookup.now) ? record : nullptr;
}

std::string query_name(const Field& field) {
  return field.read != nullptr ? "=" + std::string{field.name} : std::string{field.canonical};
}

Condition where(const Field& field, Compare how, std::vector<Value> values) {
  Condition condition;
  condition.kind = Condition::Kind::compare;
  condition.field = query_name(field);
  condition.compare = how;
  condition.values = std::move(values);
  return condition;
}

Rows answer_query(const Lookup& lookup, const Object& object, Query query, bool search) {
  query.from = object.kind();
  if (object.only != nullptr) query.where = all_of({object.only(), std::move(query.where)});
  if (!uses_computed(query)) return evaluate(lookup.company, query, lookup.now, search);
  return evaluate(lookup.company, with_computed(lookup, object, search), query, lookup.now);
}

}  // namespace crmpulse::sandbox
