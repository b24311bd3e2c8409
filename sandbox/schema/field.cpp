#include "sandbox/schema/field.h"

#include <algorithm>
#include <string>
#include <vector>

#include "sandbox/company/values.h"

namespace crmpulse::sandbox {
namespace {

/// The kinds a field of the company may refer to; none: any.
std::vector<Kind> referred_kinds(std::string_view canonical) {
  if (canonical == "account") return {Kind::account};
  if (canonical == "contact") return {Kind::contact};
  if (canonical == "who") return {Kind::lead, Kind::contact};
  if (canonical == "what") return {Kind::account, Kind::opportunity, Kind::case_};
  const bool user = canonical == "owner" || canonical == "user" || canonical.ends_with("_by");
  return user ? std::vector{Kind::user} : std::vector<Kind>{};
}

bool refers_well(const Lookup& lookup, const Field& field, const Value& value) {
  const Record* record = lookup.record(value);
  if (record == nullptr || record->deleted) return false;
  const auto kinds = referred_kinds(field.canonical);
  return kinds.empty() || std::find(kinds.begin(), kinds.end(), record->kind) != kinds.end();
}

/// Of UTF-8.
std::size_t characters_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

const Record* Lookup::record(const Value& reference) const {
  return company.find(id_of(reference));
}

const std::map<RecordId, TimePoint>& Lookup::first_touch() const {
  if (first_touch_) return *first_touch_;
  first_touch_.emplace();
  for (const RecordId id : company.of(Kind::task)) {
    const Record* task = company.find(id);
    const Record* who = task == nullptr || task->deleted ? nullptr : record(field(*task, "who"));
    if (who == nullptr || task->created < who->created) continue;
    const auto [found, fresh] = first_touch_->try_emplace(who->id, task->created);
    if (!fresh) found->second = std::min(found->second, task->created);
  }
  return *first_touch_;
}

const Field* Object::find(std::string_view field_name) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const Field& each) { return each.name == field_name; });
  return found == fields.end() ? nullptr : &*found;
}

std::vector<Field> with_audit(std::span<const Field> first, std::span<const Field> own, std::span<const Field> last) {
  std::vector<Field> fields;
  const auto add = [&](const Field& one) {
    if (std::none_of(own.begin(), own.end(), [&](const Field& each) { return each.name == one.name; }))
      fields.push_back(one);
  };
  std::for_each(first.begin(), first.end(), add);
  fields.insert(fields.end(), own.begin(), own.end());
  std::for_each(last.begin(), last.end(), add);
  return fields;
}

Value value_of(const Lookup& lookup, const Record& record, const Field& name) {
  return name.read != nullptr ? name.read(lookup, record) : field(record, name.canonical);
}

void store(const Field& field, const Value& value, Fields& fields) {
  if (field.read == nullptr) fields[std::string{field.canonical}] = value;
  if (field.read != nullptr && field.write != nullptr) field.write(value, fields);
}

Mismatch mismatch_of(const Lookup& lookup, const Field& field, const Value& value) {
  if (is_null(value)) return Mismatch::none;
  const auto* number = std::get_if<double>(&value);
  const std::string text = number != nullptr ? number_text(*number) : text_of(value);
  if (field.type == FieldType::reference)
    return refers_well(lookup, field, value) ? Mismatch::none : Mismatch::reference;
  if (field.longest != 0 && characters_of(text) > field.longest) return Mismatch::length;
  const auto& options = field.options;
  if (options.empty() || text.empty()) return Mismatch::none;
  return std::find(options.begin(), options.end(), text) != options.end() ? Mismatch::none : Mismatch::option;
}

Value full_name(const Lookup& /*lookup*/, const Record& record) {
  const std::string first = text_field(record, "first_name");
  const std::string last = text_field(record, "last_name");
  if (first.empty()) return last.empty() ? Value{} : Value{last};
  return last.empty() ? first : first + " " + last;
}

Value account_name(const Lookup& lookup, const Record& record) {
  const Record* account = lookup.record(field(record, "account"));
  return account == nullptr ? Value{} : field(*account, "name");
}

Value task_about(const Lookup& /*lookup*/, const Record& task) {
  Value who = field(task, "who");
  return is_null(who) ? field(task, "what") : who;
}

void write_task_about(const Value& value, Fields& fields) {
  fields["who"] = value;
}

Value task_progress(const Lookup& /*lookup*/, const Record& task) {
  return is_null(field(task, "done_at")) ? "Not Started" : "Completed";
}

Value always_false(const Lookup& /*lookup*/, const Record& /*record*/) {
  return false;
}

}  // namespace crmpulse::sandbox
