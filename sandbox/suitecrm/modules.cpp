#include "sandbox/suitecrm/modules.h"

#include <fmt/format.h>

#include <algorithm>
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

constexpr std::string_view kIdStart = "5c0de000-0000-4000-8000-";

Value full_name(const Company& /*company*/, const Record& record) {
  const std::string first = text_of(field(record, "first_name"));
  const std::string last = text_of(field(record, "last_name"));
  return first.empty() || last.empty() ? first + last : first + " " + last;
}
Value lead_status(const Company& /*company*/, const Record& record) {
  const std::string status = text_of(field(record, "status"));
  if (status == "Closed - Converted") return std::string{"Converted"};
  if (status == "Closed - Not Converted") return std::string{"Dead"};
  if (status == "Working - Contacted") return std::string{"In Process"};
  return status == "Open - Not Contacted" ? std::string{"New"} : status;
}
Value case_state(const Company& /*company*/, const Record& record) {
  return std::string{field(record, "closed") == Value{true} ? "Closed" : "Open"};
}
Value case_status(const Company& /*company*/, const Record& record) {
  const std::string status = text_of(field(record, "status"));
  if (status == "Closed") return std::string{"Closed_Closed"};
  if (status == "Escalated") return std::string{"Open_Pending Input"};
  return std::string{status == "Working" ? "Open_Assigned" : "Open_New"};
}
Value user_status(const Company& /*company*/, const Record& record) {
  return std::string{field(record, "active") == Value{true} ? "Active" : "Inactive"};
}
Value task_status(const Company& /*company*/, const Record& record) {
  return std::string{is_null(field(record, "done_at")) ? "Not Started" : "Completed"};
}
/// Flex-relate: what the task is about, and which module that is in.
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
    case Kind::lead: return std::string{"Leads"};
    case Kind::contact: return std::string{"Contacts"};
    case Kind::opportunity: return std::string{"Opportunities"};
    case Kind::case_: return std::string{"Cases"};
    default: return std::string{"Accounts"};
  }
}
Value no(const Company& /*company*/, const Record& /*record*/) {
  return false;
}
/// SuiteCRM keeps the relation of a deal and its account in a table of its own.
Value account_name(const Company& company, const Record& record) {
  const Value account = field(record, "account");
  const auto* id = std::get_if<double>(&account);
  const Record* target = id == nullptr ? nullptr : company.find(static_cast<RecordId>(*id));
  return target == nullptr ? Value{} : field(*target, "name");
}

std::vector<ModelField> with_log(std::vector<ModelField> fields) {
  fields.insert(fields.begin(), {{"id", FieldType::id, "id"},
                                 {"date_entered", kTime, "created"},
                                 {"date_modified", kTime, "modified"},
                                 {"created_by", kReference, "created_by"},
                                 {"modified_user_id", kReference, "modified_by"},
                                 {"assigned_user_id", kReference, "owner"},
                                 {"deleted", kBoolean, "", no}});
  return fields;
}

std::vector<Record> none(const Company& /*company*/, TimePoint /*now*/) {
  return {};
}

std::vector<Model> build() {
  return {
      {"Accounts",
       {Kind::account},
       with_log({{"name", kText, "name"},
                 {"phone_office", kText, "phone"},
                 {"website", kText, "website"},
                 {"industry", kText, "industry"},
                 {"billing_address_city", kText, "city"},
                 {"billing_address_country", kText, "country"}}),
       nullptr},
      {"Contacts",
       {Kind::contact},
       with_log({{"name", kText, "", full_name},
                 {"first_name", kText, "first_name"},
                 {"last_name", kText, "last_name"},
                 {"title", kText, "title"},
                 {"email1", kText, "email"},
                 {"invalid_email", kBoolean, "email_bounced"},
                 {"phone_work", kText, "phone"},
                 {"phone_mobile", kText, "mobile"},
                 {"account_id", kReference, "account"},
                 {"account_name", kText, "", account_name}}),
       nullptr},
      {"Leads",
       {Kind::lead},
       with_log({{"name", kText, "", full_name},
                 {"first_name", kText, "first_name"},
                 {"last_name", kText, "last_name"},
                 {"title", kText, "title"},
                 {"account_name", kText, "company"},
                 {"email1", kText, "email"},
                 {"phone_work", kText, "phone"},
                 {"phone_mobile", kText, "mobile"},
                 {"status", kText, "", lead_status},
                 {"converted", kBoolean, "converted"}}),
       nullptr},
      {"Opportunities",
       {Kind::opportunity},
       with_log({{"name", kText, "name"},
                 {"amount", kNumber, "amount"},
                 {"amount_usdollar", kNumber, "amount"},
                 {"sales_stage", kText, "stage"},
                 {"date_closed", kDate, "close_date"},
                 {"next_step", kText, "next_step"},
                 {"account_id", kReference, "account"},
                 {"account_name", kText, "", account_name}}),
       nullptr},
      {"Cases",
       {Kind::case_},
       with_log({{"name", kText, "subject"},
                 {"state", kText, "", case_state},
                 {"status", kText, "", case_status},
                 {"priority", kText, "priority"},
                 {"account_id", kReference, "account"}}),
       nullptr},
      {"Tasks",
       {Kind::task},
       with_log({{"name", kText, "subject"},
                 {"status", kText, "", task_status},
                 {"date_due", kTime, "due"},
                 {"parent_id", kReference, "", task_parent},
                 {"parent_type", kText, "", task_parent_type}}),
       nullptr},
      {"Calls", {}, with_log({{"name", kText, "name"}, {"status", kText, "status"}}), none},
      {"Meetings", {}, with_log({{"name", kText, "name"}, {"status", kText, "status"}}), none},
      {"Users",
       {Kind::user},
       with_log({{"user_name", kText, "email"},
                 {"name", kText, "name"},
                 {"status", kText, "", user_status},
                 {"is_group", kBoolean, "", no},
                 {"portal_only", kBoolean, "", no}}),
       nullptr},
  };
}

}  // namespace

std::span<const Model> suitecrm_modules() {
  static const std::vector<Model> kModules = build();
  return kModules;
}

bool suitecrm_is_shown_only(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kShownOnly{"email1", "invalid_email", "account_id", "account_name"};
  return std::find(kShownOnly.begin(), kShownOnly.end(), name) != kShownOnly.end();
}

void suitecrm_write(const ModelField& written, const Value& value, Fields& fields) {
  if (!written.field.empty()) {
    fields[std::string{written.field}] = value == Value{std::string{}} ? Value{} : value;
    return;
  }
  if (written.compute == lead_status) fields["status"] = value;
  if (written.compute == case_state && value == Value{std::string{"Closed"}}) fields["status"] = std::string{"Closed"};
  if (written.compute == task_parent) fields["who"] = value;
}

std::string suitecrm_id(RecordId id) {
  return fmt::format("{}{:012x}", kIdStart, id);
}

RecordId suitecrm_id_from(std::string_view text) {
  if (text.size() != 36 || !text.starts_with(kIdStart)) return 0;
  RecordId id = 0;
  const auto end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data() + kIdStart.size(), end, id, 16);
  return error == std::errc{} && stopped == end ? id : 0;
}

}  // namespace crmpulse::sandbox::selfhosted
