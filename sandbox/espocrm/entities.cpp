#include "sandbox/espocrm/entities.h"

#include <fmt/format.h>

#include <array>

namespace crmpulse::sandbox::selfhosted {
namespace {

constexpr auto kText = FieldType::text;
constexpr auto kNumber = FieldType::number;
constexpr auto kBoolean = FieldType::boolean;
constexpr auto kTime = FieldType::time;
constexpr auto kDate = FieldType::date;
constexpr auto kReference = FieldType::reference;

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
Value lead_status(const Lookup& /*lookup*/, const Record& record) {
  return translated(kLeadWords, record);
}
Value case_status(const Lookup& /*lookup*/, const Record& record) {
  return translated(kCaseWords, record);
}
template <class Words>
void write_translated(const Words& words, const Value& value, Fields& fields) {
  fields["status"] = value;
  for (const Word& word : words)
    if (word.theirs == text_of(value)) fields["status"] = std::string{word.ours};
}
void write_lead_status(const Value& value, Fields& fields) {
  write_translated(kLeadWords, value, fields);
}
void write_case_status(const Value& value, Fields& fields) {
  write_translated(kCaseWords, value, fields);
}
void write_task_status(const Value& value, Fields& fields) {
  fields["status"] = value;
}
Value task_parent_type(const Lookup& lookup, const Record& record) {
  const Record* target = lookup.record(task_about(lookup, record));
  if (target == nullptr) return {};
  switch (target->kind) {
    case Kind::lead: return "Lead";
    case Kind::contact: return "Contact";
    case Kind::opportunity: return "Opportunity";
    case Kind::case_: return "Case";
    default: return "Account";
  }
}
Value user_type(const Lookup& lookup, const Record& record) {
  return std::string{record.id == lookup.company.api_user() ? "api" : "regular"};
}
Value is_denied(const Lookup& /*lookup*/, const Record& record) {
  return text_of(field(record, "status")) != "Success";
}
Value denial_reason(const Lookup& lookup, const Record& record) {
  return is_denied(lookup, record) == Value{true} ? Value{std::string{"CREDENTIALS"}} : Value{};
}
// What the enums offer.
constexpr std::string_view kLeadStatus[] = {"New", "Assigned", "In Process", "Converted", "Recycled", "Dead"};
constexpr std::string_view kStages[] = {"Prospecting", "Qualification", "Proposal",
                                        "Negotiation", "Closed Won",    "Closed Lost"};
constexpr std::string_view kCaseStatus[] = {"New", "Assigned", "Pending", "Closed", "Rejected", "Duplicate"};
constexpr std::string_view kPriorities[] = {"Low", "Medium", "High", "Urgent"};
constexpr std::string_view kTaskStatus[] = {"Not Started", "Started", "Completed", "Canceled", "Deferred"};
constexpr std::string_view kIndustries[] = {"Retail", "Banking", "Healthcare", "Energy", "Education"};

constexpr Field text(std::size_t longest, std::string_view name, std::string_view canonical) {
  return at_most(longest, {name, canonical, kText});
}

constexpr Field kLog[] = {{"id", "id", FieldType::id},
                          {"createdAt", "created", kTime},
                          {"modifiedAt", "modified", kTime},
                          {"createdById", "created_by", kReference},
                          {"modifiedById", "modified_by", kReference},
                          {"assignedUserId", "owner", kReference},
                          {"deleted", "", kBoolean, always_false}};
constexpr Field kPerson[] = {{"name", "", kText, full_name},
                             text(100, "firstName", "first_name"),
                             text(100, "lastName", "last_name"),
                             text(100, "title", "title"),
                             text(255, "emailAddress", "email"),
                             text(36, "phoneNumber", "phone"),
                             {"description", "description", FieldType::long_text}};

std::vector<Field> with_log(const std::vector<Field>& fields) {
  return with_audit(kLog, fields);
}
std::vector<Field> person(const std::vector<Field>& fields) {
  return with_log(with_audit(kPerson, fields));
}

std::vector<Object> build() {
  return {
      {"Account",
       "",
       {Kind::account},
       with_log({text(249, "name", "name"), text(36, "phoneNumber", "phone"), text(255, "website", "website"),
                 one_of(kIndustries, {"industry", "industry", kText}), text(100, "billingAddressCity", "city"),
                 text(100, "billingAddressCountry", "country")})},
      {"Contact",
       "",
       {Kind::contact},
       person({{"emailAddressIsInvalid", "email_bounced", kBoolean},
               {"accountId", "account", kReference},
               {"accountName", "", kText, account_name}})},
      {"Lead",
       "",
       {Kind::lead},
       person({text(249, "accountName", "company"),
               one_of(kLeadStatus, {"status", "", kText, lead_status, write_lead_status}),
               {"convertedAt", "converted_at", kTime}})},
      {"Opportunity",
       "",
       {Kind::opportunity},
       with_log({text(249, "name", "name"),
                 {"amount", "amount", kNumber},
                 {"amountCurrency", "currency", kText},
                 one_of(kStages, {"stage", "stage", kText}),
                 {"closeDate", "close_date", kDate},
                 {"accountId", "account", kReference},
                 {"accountName", "", kText, account_name}})},
      {"Case",
       "",
       {Kind::case_},
       with_log({text(249, "name", "subject"),
                 {"number", "id", kNumber},
                 one_of(kCaseStatus, {"status", "", kText, case_status, write_case_status}),
                 one_of(kPriorities, {"priority", "priority", kText}),
                 {"accountId", "account", kReference},
                 {"contactId", "contact", kReference}})},
      {"Task",
       "",
       {Kind::task},
       with_log({text(249, "name", "subject"),
                 one_of(kTaskStatus, {"status", "", kText, task_progress, write_task_status}),
                 {"dateEnd", "due", kTime},
                 {"dateCompleted", "done_at", kTime},
                 {"parentId", "", kReference, task_about, write_task_about},
                 {"parentType", "", kText, task_parent_type}})},
      {"Call", "", {}, with_log({{"name", "name", kText}, {"status", "status", kText}})},
      {"Meeting", "", {}, with_log({{"name", "name", kText}, {"status", "status", kText}})},
      {"User",
       "",
       {Kind::user},
       with_log({{"userName", "email", kText},
                 {"name", "name", kText},
                 {"emailAddress", "email", kText},
                 {"type", "", kText, user_type},
                 {"isActive", "active", kBoolean},
                 {"lastAccess", "last_login", kTime}})},
      {"AuthLogRecord",
       "",
       {Kind::login},
       {{"id", "id", FieldType::id},
        {"createdAt", "at", kTime},
        {"userId", "user", kReference},
        {"isDenied", "", kBoolean, is_denied},
        {"denialReason", "", kText, denial_reason}}},
  };
}

}  // namespace

std::span<const Object> espocrm_entities() {
  static const std::vector<Object> kEntities = build();
  return kEntities;
}

std::string espocrm_id(RecordId id) {
  return fmt::format("{:017x}", id);
}

RecordId espocrm_id_from(std::string_view text) {
  return text.size() == 17 ? number_from<RecordId>(text, 16).value_or(0) : 0;
}

}  // namespace crmpulse::sandbox::selfhosted
