#include "sandbox/espocrm/entities.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace crmpulse::sandbox::selfhosted {
namespace {

constexpr auto kText = FieldType::text;
constexpr auto kNumber = FieldType::number;
constexpr auto kBoolean = FieldType::boolean;
constexpr auto kTime = FieldType::time;
constexpr auto kDate = FieldType::date;
constexpr auto kReference = FieldType::reference;

Value full_name(const Company& /*company*/, const Record& record) {
  const std::string first = text_of(field(record, "first_name"));
  const std::string last = text_of(field(record, "last_name"));
  return first.empty() || last.empty() ? first + last : first + " " + last;
}

/// The company's words and EspoCRM's.
struct Word {
  std::string_view ours;
  std::string_view theirs;
};
constexpr std::array kLeadWords{Word{"Open - Not Contacted", "New"}, Word{"Working - Contacted", "In Process"},
                                Word{"Closed - Converted", "Converted"}, Word{"Closed - Not Converted", "Dead"}};
constexpr std::array kCaseWords{Word{"Working", "Assigned"}, Word{"Escalated", "Pending"}};

template <class Words>
Value translated(const Words& words, const Record& record) {
  const std::string status = text_of(field(record, "status"));
  for (const Word& word : words)
    if (word.ours == status) return std::string{word.theirs};
  return status;
}
Value lead_status(const Company& /*company*/, const Record& record) {
  return translated(kLeadWords, record);
}
Value case_status(const Company& /*company*/, const Record& record) {
  return translated(kCaseWords, record);
}
Value task_status(const Company& /*company*/, const Record& record) {
  return std::string{is_null(field(record, "done_at")) ? "Not Started" : "Completed"};
}
Value task_parent(const Company& /*company*/, const Record& record) {
  const Value who = field(record, "who");
  return is_null(who) ? field(record, "what") : who;
}
Value task_parent_type(const Company& company, const Record& record) {
  const Value parent = task_parent(company, record);
  const auto* id = std::get_if<double>(&parent);
  const Record* target = id == nullptr ? nullptr : company.find(static_cast<RecordId>(*id));
  if (target == nullptr) return {};
  switch (target->kind) {
    case Kind::lead: return std::string{"Lead"};
    case Kind::contact: return std::string{"Contact"};
    case Kind::opportunity: return std::string{"Opportunity"};
    case Kind::case_: return std::string{"Case"};
    default: return std::string{"Account"};
  }
}
Value account_name(const Company& company, const Record& record) {
  const Value account = field(record, "account");
  const auto* id = std::get_if<double>(&account);
  const Record* target = id == nullptr ? nullptr : company.find(static_cast<RecordId>(*id));
  return target == nullptr ? Value{} : field(*target, "name");
}
Value user_type(const Company& company, const Record& record) {
  return std::string{record.id == company.api_user() ? "api" : "regular"};
}
Value is_denied(const Company& /*company*/, const Record& record) {
  return text_of(field(record, "status")) != "Success";
}
Value denial_reason(const Company& company, const Record& record) {
  return is_denied(company, record) == Value{true} ? Value{std::string{"CREDENTIALS"}} : Value{};
}
Value no(const Company& /*company*/, const Record& /*record*/) {
  return false;
}

std::vector<ModelField> with_log(std::vector<ModelField> fields) {
  fields.insert(fields.begin(), {{"id", FieldType::id, "id"},
                                 {"createdAt", kTime, "created"},
                                 {"modifiedAt", kTime, "modified"},
                                 {"createdById", kReference, "created_by"},
                                 {"modifiedById", kReference, "modified_by"},
                                 {"assignedUserId", kReference, "owner"},
                                 {"deleted", kBoolean, "", no}});
  return fields;
}

std::vector<ModelField> person(std::vector<ModelField> fields) {
  const std::vector<ModelField> common{{"name", kText, "", full_name},   {"firstName", kText, "first_name"},
                                       {"lastName", kText, "last_name"}, {"title", kText, "title"},
                                       {"emailAddress", kText, "email"}, {"phoneNumber", kText, "phone"}};
  fields.insert(fields.begin(), common.begin(), common.end());
  return with_log(std::move(fields));
}

std::vector<Record> none(const Company& /*company*/, TimePoint /*now*/) {
  return {};
}

std::vector<Model> build() {
  return {
      {"Account",
       {Kind::account},
       with_log({{"name", kText, "name"},
                 {"phoneNumber", kText, "phone"},
                 {"website", kText, "website"},
                 {"industry", kText, "industry"},
                 {"billingAddressCity", kText, "city"},
                 {"billingAddressCountry", kText, "country"}}),
       nullptr},
      {"Contact",
       {Kind::contact},
       person({{"emailAddressIsInvalid", kBoolean, "email_bounced"},
               {"accountId", kReference, "account"},
               {"accountName", kText, "", account_name}}),
       nullptr},
      {"Lead",
       {Kind::lead},
       person({{"accountName", kText, "company"},
               {"status", kText, "", lead_status},
               {"convertedAt", kTime, "converted_at"}}),
       nullptr},
      {"Opportunity",
       {Kind::opportunity},
       with_log({{"name", kText, "name"},
                 {"amount", kNumber, "amount"},
                 {"amountCurrency", kText, "currency"},
                 {"stage", kText, "stage"},
                 {"closeDate", kDate, "close_date"},
                 {"accountId", kReference, "account"},
                 {"accountName", kText, "", account_name}}),
       nullptr},
      {"Case",
       {Kind::case_},
       with_log({{"name", kText, "subject"},
                 {"number", kNumber, "id"},
                 {"status", kText, "", case_status},
                 {"priority", kText, "priority"},
                 {"accountId", kReference, "account"},
                 {"contactId", kReference, "contact"}}),
       nullptr},
      {"Task",
       {Kind::task},
       with_log({{"name", kText, "subject"},
                 {"status", kText, "", task_status},
                 {"dateEnd", kTime, "due"},
                 {"dateCompleted", kTime, "done_at"},
                 {"parentId", kReference, "", task_parent},
                 {"parentType", kText, "", task_parent_type}}),
       nullptr},
      {"Call", {}, with_log({{"name", kText, "name"}, {"status", kText, "status"}}), none},
      {"Meeting", {}, with_log({{"name", kText, "name"}, {"status", kText, "status"}}), none},
      {"User",
       {Kind::user},
       with_log({{"userName", kText, "email"},
                 {"name", kText, "name"},
                 {"emailAddress", kText, "email"},
                 {"type", kText, "", user_type},
                 {"isActive", kBoolean, "active"},
                 {"lastAccess", kTime, "last_login"}}),
       nullptr},
      {"AuthLogRecord",
       {Kind::login},
       {{"id", FieldType::id, "id"},
        {"createdAt", kTime, "at"},
        {"userId", kReference, "user"},
        {"isDenied", kBoolean, "", is_denied},
        {"denialReason", kText, "", denial_reason}},
       nullptr},
  };
}

}  // namespace

std::span<const Model> espocrm_entities() {
  static const std::vector<Model> kEntities = build();
  return kEntities;
}

void espocrm_write(const ModelField& written, const Value& value, Fields& fields) {
  if (!written.field.empty()) {
    fields[std::string{written.field}] = value;
    return;
  }
  if (written.name == "parentId") fields["who"] = value;
  if (written.name != "status") return;
  Value stored = value;
  const auto take = [&](const auto& words) {
    for (const Word& word : words)
      if (word.theirs == text_of(value)) stored = std::string{word.ours};
  };
  if (written.compute == lead_status) take(kLeadWords);
  if (written.compute == case_status) take(kCaseWords);
  fields["status"] = stored;
}

std::string espocrm_id(RecordId id) {
  return fmt::format("{:017x}", id);
}

RecordId espocrm_id_from(std::string_view text) {
  RecordId id = 0;
  const auto end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, id, 16);
  return text.size() == 17 && error == std::errc{} && stopped == end ? id : 0;
}

}  // namespace crmpulse::sandbox::selfhosted
