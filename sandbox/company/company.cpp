#include "sandbox/company/company.h"

#include <algorithm>
#include <array>
#include <utility>

namespace crmpulse::sandbox {
namespace {

constexpr std::array<std::string_view, kKinds> kKindNames{"account", "contact", "lead", "opportunity",
                                                          "case",    "task",    "user", "login"};

/// Of people: both names.
Value full_name(const Record& record) {
  if (record.kind != Kind::contact && record.kind != Kind::lead) return {};
  const Value first = field(record, "first_name");
  const Value last = field(record, "last_name");
  const auto* end = std::get_if<std::string>(&last);
  if (end == nullptr) return {};
  const auto* begin = std::get_if<std::string>(&first);
  return begin == nullptr ? *end : *begin + " " + *end;
}

Value reference(RecordId id) {
  if (id == 0) return {};
  return static_cast<double>(id);
}

/// What a record of this kind has although nobody wrote it: booleans are never null.
void fill_in(Record& record) {
  const auto missing = [&record](const char* name, Value value) { record.fields.try_emplace(name, std::move(value)); };
  switch (record.kind) {
    case Kind::contact: missing("email_bounced", false); break;
    case Kind::lead:
      missing("converted", false);
      missing("unread", true);
      missing("status", "Open - Not Contacted");
      break;
    case Kind::opportunity:
      missing("stage", "Prospecting");
      missing("currency", "USD");
      missing("stage_changed", record.created);
      break;
    case Kind::case_:
      missing("status", "New");
      missing("priority", "Medium");
      missing("origin", "Web");
      break;
    case Kind::task: missing("status", "Not Started"); break;
    case Kind::user: missing("active", true); break;
    default: break;
  }
}

std::string_view text_view(const Record& record, std::string_view name) {
  const auto found = record.fields.find(name);
  const auto* text = found == record.fields.end() ? nullptr : std::get_if<std::string>(&found->second);
  return text != nullptr ? std::string_view{*text} : std::string_view{};
}

/// `closed`, `won` and their times follow the stage or the status. `before`: what it was.
void follow_status(Record& record, std::string_view before, TimePoint now) {
  if (record.kind != Kind::opportunity && record.kind != Kind::case_) return;
  const bool deal = record.kind == Kind::opportunity;
  const std::string_view status = text_view(record, deal ? "stage" : "status");
  const bool closed = status.substr(0, 6) == "Closed";
  if (deal) record.fields["won"] = status == "Closed Won";
  if (deal && status != before) record.fields["stage_changed"] = now;
  record.fields["closed"] = closed;
  if (!closed) record.fields.erase("closed_at");
  if (closed) record.fields.try_emplace("closed_at", now);
}

void take_owner(Record& record) {
  const auto found = record.fields.find("owner");
  if (found == record.fields.end()) return;
  if (const auto* id = std::get_if<double>(&found->second)) record.owner = static_cast<RecordId>(*id);
  record.fields.erase(found);
}

}  // namespace

std::string_view to_string(Kind kind) {
  return kKindNames.at(static_cast<std::size_t>(kind));
}

std::optional<Kind> kind_from(std::string_view name) {
  const auto found = std::find(kKindNames.begin(), kKindNames.end(), name);
  if (found == kKindNames.end()) return std::nullopt;
  return static_cast<Kind>(found - kKindNames.begin());
}

Value field(const Record& record, std::string_view name) {
  if (const auto found = record.fields.find(name); found != record.fields.end()) return found->second;
  if (name == "id") return static_cast<double>(record.id);
  if (name == "created") return record.created;
  if (name == "modified") return record.modified;
  if (name == "created_by") return reference(record.created_by);
  if (name == "modified_by") return reference(record.modified_by);
  if (name == "owner") return reference(record.owner);
  if (name == "kind") return std::string{to_string(record.kind)};
  if (name == "deleted") return record.deleted.has_value();
  if (name == "name") return full_name(record);
  if (name == "closed" && record.kind == Kind::task) return record.fields.count("done_at") > 0;
  return {};
}

const std::vector<RecordId>& Company::of(Kind kind) const {
  static const std::vector<RecordId> kNone;
  const auto found = by_kind_.find(kind);
  return found == by_kind_.end() ? kNone : found->second;
}

const Record* Company::find(RecordId id) const {
  const auto found = records_.find(id);
  return found == records_.end() ? nullptr : &found->second;
}

RecordId Company::add(Record record) {
  record.id = next_++;
  fill_in(record);
  follow_status(record, text_view(record, "stage"), record.created);
  by_kind_[record.kind].push_back(record.id);
  return records_.emplace_hint(records_.end(), record.id, std::move(record))->first;
}

RecordId Company::create(Kind kind, Fields fields, RecordId by, TimePoint now) {
  Record record;
  record.kind = kind;
  record.created = record.modified = now;
  record.created_by = record.modified_by = record.owner = by;
  record.fields = std::move(fields);
  record.visible = now + search_lag_;
  take_owner(record);
  return add(std::move(record));
}

bool Company::update(RecordId id, const Fields& fields, RecordId by, TimePoint now) {
  const auto found = records_.find(id);
  if (found == records_.end() || found->second.deleted) return false;
  Record& record = found->second;
  const std::string before{text_view(record, "stage")};
  for (const auto& [name, value] : fields) record.fields.insert_or_assign(name, value);
  take_owner(record);
  follow_status(record, before, now);
  record.modified = now;
  record.modified_by = by;
  return true;
}

bool Company::remove(RecordId id, RecordId by, TimePoint now) {
  const auto found = records_.find(id);
  if (found == records_.end() || found->second.deleted) return false;
  found->second.deleted = found->second.modified = now;
  found->second.modified_by = by;
  return true;
}

void Company::put_back(const Record& before) {
  if (const auto found = records_.find(before.id); found != records_.end()) found->second = before;
}

void Company::forget(RecordId id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  auto& ids = by_kind_[found->second.kind];
  ids.erase(std::remove(ids.begin(), ids.end(), id), ids.end());
  records_.erase(found);
}

void Company::age(TimePoint newest) {
  for (auto& [id, record] : records_) {
    record.created = std::min(record.created, newest);
    record.modified = std::min(record.modified, newest);
    for (const char* name : {"last_activity", "last_login", "at"}) {
      const auto found = record.fields.find(name);
      auto* time = found == record.fields.end() ? nullptr : std::get_if<TimePoint>(&found->second);
      if (time != nullptr) *time = std::min(*time, newest);
    }
  }
}

void Company::set_dirty(bool dirty) {
  if (dirty == dirty_) return;
  dirty_ = dirty;
  if (!dirty) {
    for (const auto& [id, email] : std::exchange(clean_, {})) {
      if (const auto found = records_.find(id); found != records_.end()) found->second.fields["email"] = email;
    }
    return;
  }
  Value last;
  std::size_t number = 0;
  for (const RecordId id : of(Kind::contact)) {
    Record& contact = records_.at(id);
    const Value email = field(contact, "email");
    const std::size_t turn = number++ % 4;
    if (turn == 1) last = email;
    if (turn == 1) continue;
    clean_[id] = email;
    contact.fields["email"] = turn == 3 ? last : Value{};
  }
}

}  // namespace crmpulse::sandbox
