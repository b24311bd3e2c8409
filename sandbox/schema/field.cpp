#include "sandbox/schema/field.h"

#include <algorithm>

#include "sandbox/company/values.h"

namespace crmpulse::sandbox {

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
