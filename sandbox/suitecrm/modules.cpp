#include "sandbox/suitecrm/modules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace crmpulse::sandbox::selfhosted {
namespace {

constexpr auto kText = FieldType::text;
constexpr auto kNumber = FieldType::number;
constexpr auto kBoolean = FieldType::boolean;
constexpr auto kTime = FieldType::time;
constexpr auto kDate = FieldType::date;
constexpr auto kReference = FieldType::reference;

constexpr std::string_view kIdStart = "5c0de000-0000-4000-8000-";

Value lead_status(const Lookup& /*lookup*/, const Record& record) {
  const std::string status = text_of(field(record, "status"));
  if (status == "Closed - Converted") return std::string{"Converted"};
  if (status == "Closed - Not Converted") return std::string{"Dead"};
  if (status == "Working - Contacted") return std::string{"In Process"};
  return status == "Open - Not Contacted" ? std::string{"New"} : status;
}
Value case_state(const Lookup& /*lookup*/, const Record& record) {
  return std::string{field(record, "closed") == Value{true} ? "Closed" : "Open"};
}
Value case_status(const Lookup& /*lookup*/, const Record& record) {
  const std::string status = text_of(field(record, "status"));
  if (status == "Closed") return std::string{"Closed_Closed"};
  if (status == "Escalated") return std::string{"Open_Pending Input"};
  return std::string{status == "Working" ? "Open_Assigned" : "Open_New"};
}
Value user_status(const Lookup& /*lookup*/, const Record& record) {
  return std::string{field(record, "active") == Value{true} ? "Active" : "Inactive"};
}
Value task_parent_type(const Lookup& lookup, const Record& record) {
  const Record* target = lookup.record(task_about(lookup, record));
  if (target == nullptr) return {};
  switch (target->kind) {
    case Kind::lead: return "Leads";
    case Kind::contact: return "Contacts";
    case Kind::opportunity: return "Opportunities";
    case Kind::case_: return "Cases";
    default: return "Accounts";
  }
}
void write_status(const Value& value, Fields& fields) {
  fields["status"] = value;
}
void write_state(const Value& value, Fields& fields) {
  if (value == Value{"Closed"}) fields["status"] = "Closed";
}

constexpr Field kLog[] = {{"id", "id", FieldType::id},
                          {"date_entered", "created", kTime},
                          {"date_modified", "modified", kTime},
                          {"created_by", "created_by", kReference},
                          {"modified_user_id", "modified_by", kReference},
                          {"assigned_user_id", "owner", kReference},
                          {"deleted", "", kBoolean, always_false}};
std::vector<Field> with_log(const std::vector<Field>& fields) {
  return with_audit(kLog, fields);
}

std::vector<Object> build() {
  return {
      {"Accounts",
       "",
       {Kind::account},
       with_log({{"name", "name", kText},
                 {"phone_office", "phone", kText},
                 {"website", "website", kText},
                 {"industry", "industry", kText},
                 {"billing_address_city", "city", kText},
                 {"billing_address_country", "country", kText}})},
      {"Contacts",
       "",
       {Kind::contact},
       with_log({{"name", "", kText, full_name},
                 {"first_name", "first_name", kText},
                 {"last_name", "last_name", kText},
                 {"title", "title", kText},
                 {"email1", "email", kText},
                 {"invalid_email", "email_bounced", kBoolean},
                 {"phone_work", "phone", kText},
                 {"phone_mobile", "mobile", kText},
                 {"account_id", "account", kReference},
                 {"account_name", "", kText, account_name}})},
      {"Leads",
       "",
       {Kind::lead},
       with_log({{"name", "", kText, full_name},
                 {"first_name", "first_name", kText},
                 {"last_name", "last_name", kText},
                 {"title", "title", kText},
                 {"account_name", "company", kText},
                 {"email1", "email", kText},
                 {"phone_work", "phone", kText},
                 {"phone_mobile", "mobile", kText},
                 {"status", "", kText, lead_status, write_status},
                 {"converted", "converted", kBoolean}})},
      {"Opportunities",
       "",
       {Kind::opportunity},
       with_log({{"name", "name", kText},
                 {"amount", "amount", kNumber},
                 {"amount_usdollar", "amount", kNumber},
                 {"sales_stage", "stage", kText},
                 {"date_closed", "close_date", kDate},
                 {"next_step", "next_step", kText},
                 {"account_id", "account", kReference},
                 {"account_name", "", kText, account_name}})},
      {"Cases",
       "",
       {Kind::case_},
       with_log({{"name", "subject", kText},
                 {"state", "", kText, case_state, write_state},
                 {"status", "", kText, case_status},
                 {"priority", "priority", kText},
                 {"account_id", "account", kReference}})},
      {"Tasks",
       "",
       {Kind::task},
       with_log({{"name", "subject", kText},
                 {"status", "", kText, task_progress},
                 {"date_due", "due", kTime},
                 {"parent_id", "", kReference, task_about, write_task_about},
                 {"parent_type", "", kText, task_parent_type}})},
      {"Calls", "", {}, with_log({{"name", "name", kText}, {"status", "status", kText}})},
      {"Meetings", "", {}, with_log({{"name", "name", kText}, {"status", "status", kText}})},
      {"Users",
       "",
       {Kind::user},
       with_log({{"user_name", "email", kText},
                 {"name", "name", kText},
                 {"status", "", kText, user_status},
                 {"is_group", "", kBoolean, always_false},
                 {"portal_only", "", kBoolean, always_false}})},
  };
}

}  // namespace

std::span<const Object> suitecrm_modules() {
  static const std::vector<Object> kModules = build();
  return kModules;
}

bool suitecrm_is_shown_only(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kShownOnly{"email1", "invalid_email", "account_id", "account_name"};
  return std::find(kShownOnly.begin(), kShownOnly.end(), name) != kShownOnly.end();
}

std::string suitecrm_id(RecordId id) {
  return fmt::format("{}{:012x}", kIdStart, id);
}

RecordId suitecrm_id_from(std::string_view text) {
  if (text.size() != 36 || !text.starts_with(kIdStart)) return 0;
  return number_from<RecordId>(text.substr(kIdStart.size()), 16).value_or(0);
}

}  // namespace crmpulse::sandbox::selfhosted
