#include "sandbox/vendor/fields.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/text/ascii.h"

namespace crmpulse::sandbox {
namespace {

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Value> time_value(std::string_view text) {
  if (text.size() == 10 && text[4] == '-') {
    const auto day = parse_time(std::string{text} + "T00:00:00Z");
    return day ? std::optional<Value>{*day} : std::nullopt;
  }
  if (const auto millis = whole_number<std::int64_t>(text)) return Value{from_unix_millis(*millis)};
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
std::vector<Record> with_computed(const Lookup& lookup, const ObjectName& object, bool search) {
  std::vector<Record> records;
  for (const RecordId id : lookup.company.of(object.kind)) {
    const Record* record = lookup.company.find(id);
    if (record == nullptr || record->deleted || (search && record->visible > lookup.now)) continue;
    Record& copy = records.emplace_back(*record);
    for (const FieldName& field : object.fields) {
      if (field.compute != nullptr) copy.fields[query_name(field)] = field.compute(lookup, *record);
    }
  }
  return records;
}

Condition group(Condition::Kind kind, std::vector<Condition> children) {
  Condition condition;
  condition.kind = kind;
  condition.children = std::move(children);
  return condition;
}

}  // namespace

const std::map<RecordId, TimePoint>& Lookup::first_touch() const {
  if (first_touch_) return *first_touch_;
  first_touch_.emplace();
  for (const RecordId id : company.of(Kind::task)) {
    const Record* task = company.find(id);
    const Record* who = task == nullptr || task->deleted ? nullptr : company.find(id_of(field(*task, "who")));
    if (who == nullptr || task->created < who->created) continue;
    const auto [found, fresh] = first_touch_->try_emplace(who->id, task->created);
    if (!fresh) found->second = std::min(found->second, task->created);
  }
  return *first_touch_;
}

bool Schema::is_missing(const ObjectName& object, std::string_view field) const {
  if (missing_.empty()) return false;
  const auto dot = missing_.find('.');
  const std::string_view of = std::string_view{missing_}.substr(0, dot);
  if (!ascii::same_without_case(of, object.path) && !ascii::same_without_case(of, object.singular)) return false;
  return dot == std::string::npos ? field.empty() : ascii::same_without_case(missing_.substr(dot + 1), field);
}

const ObjectName* Schema::object(std::string_view name) const {
  for (const ObjectName& object : objects_) {
    if (object.path == name || object.singular == name) return is_missing(object, {}) ? nullptr : &object;
  }
  return nullptr;
}

const FieldName* Schema::field(const ObjectName& object, std::string_view name) const {
  for (const FieldName& field : object.fields) {
    if (ascii::same_without_case(field.vendor, name)) return is_missing(object, name) ? nullptr : &field;
  }
  return nullptr;
}

std::vector<const FieldName*> Schema::fields(const ObjectName& object) const {
  std::vector<const FieldName*> fields;
  for (const FieldName& field : object.fields) {
    if (!is_missing(object, field.vendor)) fields.push_back(&field);
  }
  return fields;
}

std::optional<Value> Schema::value(FieldType type, std::string_view text) const {
  switch (type) {
    case FieldType::text: return Value{std::string{text}};
    case FieldType::boolean:
      if (ascii::same_without_case(text, "true") || text == "1") return Value{true};
      return ascii::same_without_case(text, "false") || text == "0" ? std::optional<Value>{false} : std::nullopt;
    case FieldType::number: {
      const auto number = whole_number<double>(text);
      return number ? std::optional<Value>{*number} : std::nullopt;
    }
    case FieldType::date:
    case FieldType::time: return time_value(text);
    case FieldType::id:
    case FieldType::reference: {
      const auto found = parse_id_(text);
      return found ? std::optional<Value>{static_cast<double>(*found)} : std::nullopt;
    }
  }
  return std::nullopt;
}

bool Schema::write(const FieldName& field, const std::string& text, Fields& fields) const {
  const auto typed = text.empty() ? std::optional<Value>{Value{}} : value(field.type, text);
  if (!typed || field.read_only) return typed.has_value();
  if (field.compute == nullptr) fields[std::string{field.canonical}] = *typed;
  if (field.compute != nullptr && field.write != nullptr) field.write(*typed, fields);
  return true;
}

Value value_of(const Lookup& lookup, const Record& record, const FieldName& name) {
  return name.compute != nullptr ? name.compute(lookup, record) : field(record, name.canonical);
}

const Record* record_of(const Lookup& lookup, const ObjectName& object, RecordId id) {
  const Record* record = lookup.company.find(id);
  if (record == nullptr || record->deleted || record->kind != object.kind) return nullptr;
  return object.only == nullptr || holds(lookup.company, object.only(), *record, lookup.now) ? record : nullptr;
}

std::string query_name(const FieldName& field) {
  return field.compute != nullptr ? "=" + std::string{field.vendor} : std::string{field.canonical};
}

Condition where(const FieldName& field, Compare how, std::vector<Value> values) {
  Condition condition;
  condition.kind = Condition::Kind::compare;
  condition.field = query_name(field);
  condition.compare = how;
  condition.values = std::move(values);
  return condition;
}

Condition where(std::string_view canonical, Compare how, Value value) {
  FieldName name;
  name.canonical = canonical;
  return where(name, how, {std::move(value)});
}

Condition all_of(std::vector<Condition> children) {
  return group(Condition::Kind::all, std::move(children));
}

Condition any_of(std::vector<Condition> children) {
  return group(Condition::Kind::any, std::move(children));
}

Condition none_of(std::vector<Condition> children) {
  return group(Condition::Kind::none, std::move(children));
}

Condition never() {
  return none_of({Condition{}});
}

Rows answer_query(const Lookup& lookup, const ObjectName& object, Query query, bool search) {
  query.from = object.kind;
  if (object.only != nullptr) query.where = all_of({object.only(), std::move(query.where)});
  if (!uses_computed(query)) return evaluate(lookup.company, query, lookup.now, search);
  return evaluate(lookup.company, with_computed(lookup, object, search), query, lookup.now);
}

bool is_null(const Value& value) {
  return std::holds_alternative<std::monostate>(value);
}

std::string text_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : std::string{};
}

std::optional<TimePoint> time_of(const Value& value) {
  const auto* time = std::get_if<TimePoint>(&value);
  return time != nullptr ? std::optional{*time} : std::nullopt;
}

RecordId id_of(const Value& value) {
  const auto* number = std::get_if<double>(&value);
  return number != nullptr ? static_cast<RecordId>(*number) : 0;
}

bool truth_of(const Value& value) {
  const auto* truth = std::get_if<bool>(&value);
  return truth != nullptr && *truth;
}

std::string number_text(double number) {
  return fmt::format("{}", number);
}

std::string date_text(TimePoint time) {
  return format_time(std::chrono::floor<std::chrono::days>(time)).substr(0, 10);
}

std::string text_field(const Record& record, std::string_view canonical) {
  return text_of(field(record, canonical));
}

Value full_name(const Lookup&, const Record& record) {
  const std::string first = text_field(record, "first_name");
  const std::string last = text_field(record, "last_name");
  if (first.empty()) return last.empty() ? Value{} : Value{last};
  return last.empty() ? first : first + " " + last;
}

std::optional<double> seconds_between(const Record& record, std::string_view from, std::string_view to) {
  const auto begin = time_of(field(record, from));
  const auto end = time_of(field(record, to));
  if (!begin || !end) return std::nullopt;
  return to_seconds(*end - *begin);
}

}  // namespace crmpulse::sandbox
