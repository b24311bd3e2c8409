// Dataverse's tables and columns.

#include <fmt/format.h>

#include "sandbox/dynamics/parts.h"

namespace crmpulse::sandbox::dynamics {
namespace {

constexpr std::string_view kGuidHead = "5f1d0c3a-7e21-ee11-8179-";

double number_of(const Value& value) {
  const auto* number = std::get_if<double>(&value);
  return number != nullptr ? *number : 0;
}

Value always_active(const Lookup&, const Record&) {
  return 0.0;
}

/// 0 open, 1 qualified, 2 disqualified.
Value lead_state(const Lookup&, const Record& lead) {
  if (truth_of(field(lead, "converted"))) return 1.0;
  return text_field(lead, "status").starts_with("Closed") ? 2.0 : 0.0;
}

Value lead_status(const Lookup& lookup, const Record& lead) {
  const double state = number_of(lead_state(lookup, lead));
  if (state > 0) return state + 2;
  return text_field(lead, "status") == "Open - Not Contacted" ? 1.0 : 2.0;
}

void write_lead_state(const Value& value, Fields& fields) {
  const double state = number_of(value);
  fields["status"] = state == 1 ? "Closed - Converted" : state == 2 ? "Closed - Not Converted" : "Open - Not Contacted";
  fields["converted"] = state == 1;
}

/// 0 open, 1 won, 2 lost.
Value deal_state(const Lookup&, const Record& deal) {
  if (!truth_of(field(deal, "closed"))) return 0.0;
  return truth_of(field(deal, "won")) ? 1.0 : 2.0;
}

Value deal_status(const Lookup& lookup, const Record& deal) {
  const double state = number_of(deal_state(lookup, deal));
  return state == 0 ? 1.0 : state + 2;
}

void write_deal_state(const Value& value, Fields& fields) {
  const double state = number_of(value);
  fields["stage"] = state == 1 ? "Closed Won" : state == 2 ? "Closed Lost" : "Prospecting";
}

Value actual_value(const Lookup&, const Record& deal) {
  return truth_of(field(deal, "won")) ? field(deal, "amount") : Value{};
}

Value actual_close_date(const Lookup&, const Record& deal) {
  return truth_of(field(deal, "closed")) ? field(deal, "close_date") : Value{};
}

/// 0 active, 1 resolved.
Value case_state(const Lookup&, const Record& incident) {
  return truth_of(field(incident, "closed")) ? 1.0 : 0.0;
}

Value case_status(const Lookup&, const Record& incident) {
  return truth_of(field(incident, "closed")) ? 5.0 : 1.0;
}

void write_case_state(const Value& value, Fields& fields) {
  fields["status"] = number_of(value) == 1 ? "Closed" : "Working";
}

Value priority_code(const Lookup&, const Record& incident) {
  const std::string text = text_field(incident, "priority");
  return text == "High" ? 1.0 : text == "Low" ? 3.0 : 2.0;
}

Value origin_code(const Lookup&, const Record& incident) {
  const std::string text = text_field(incident, "origin");
  return text == "Phone" ? 1.0 : text == "Email" ? 2.0 : 3.0;
}

Value ticket_number(const Lookup&, const Record& incident) {
  return fmt::format("CAS-{:05}-S4NDBX", incident.id);
}

/// 0 open, 1 completed.
Value task_state(const Lookup&, const Record& task) {
  return is_null(field(task, "done_at")) ? 0.0 : 1.0;
}

Value activity_type(const Lookup&, const Record&) {
  return "task";
}

Value is_disabled(const Lookup&, const Record& user) {
  return !truth_of(field(user, "active"));
}

/// 0 read and write, 4 non-interactive.
Value access_mode(const Lookup&, const Record& user) {
  return text_field(user, "type") == "Standard" ? 0.0 : 4.0;
}

/// 64 access by the web, 65 by web services.
Value access_action(const Lookup&, const Record& login) {
  return text_field(login, "application") == "Browser" ? 64.0 : 65.0;
}

Value access_operation(const Lookup&, const Record&) {
  return 4.0;
}

Condition successful() {
  return where("status", Compare::equal, "Success");
}

Condition closed() {
  return where("closed", Compare::equal, true);
}

using enum FieldType;

// Values of the choices.
constexpr std::string_view kActive[] = {"0", "1"};
constexpr std::string_view kThreeStates[] = {"0", "1", "2"};
constexpr std::string_view kLeadStatus[] = {"1", "2", "3", "4", "5", "6", "7"};
constexpr std::string_view kDealStatus[] = {"1", "2", "3", "4", "5"};
constexpr std::string_view kCaseStatus[] = {"1", "2", "3", "4", "5", "6", "1000", "2000"};
constexpr std::string_view kPriorities[] = {"1", "2", "3"};
constexpr std::string_view kOrigins[] = {"1", "2", "3"};
constexpr std::string_view kSatisfactions[] = {"1", "2", "3", "4", "5"};

constexpr Field kDescription = at_most(2000, {"description", "description", long_text});

constexpr Field kAudit[] = {{"_ownerid_value", "owner", reference},
                            read_only("_createdby_value", "created_by", reference),
                            read_only("_modifiedby_value", "modified_by", reference),
                            read_only("createdon", "created", time),
                            read_only("modifiedon", "modified", time)};
constexpr std::span kStamps{kAudit + 3, 2};  // nobody owns a user

constexpr Field kAccounts[] = {
    read_only("accountid", "id", id),
    at_most(160, {"name", "name"}),
    at_most(20, {"accountnumber", "account_number"}),
    at_most(50, {"telephone1", "phone"}),
    at_most(200, {"websiteurl", "website"}),
    at_most(80, {"address1_city", "city"}),
    at_most(80, {"address1_country", "country"}),
    one_of(kActive, {"statecode", "", number, always_active}),
    kDescription,
};

constexpr Field kContacts[] = {
    read_only("contactid", "id", id),
    at_most(50, {"firstname", "first_name"}),
    at_most(50, {"lastname", "last_name"}),
    {"fullname", "", text, full_name},
    at_most(100, {"emailaddress1", "email"}),
    at_most(50, {"telephone1", "phone"}),
    at_most(50, {"mobilephone", "mobile"}),
    at_most(100, {"jobtitle", "title"}),
    {"_parentcustomerid_value", "account", reference},
    one_of(kActive, {"statecode", "", number, always_active}),
    kDescription,
};

constexpr Field kLeads[] = {
    read_only("leadid", "id", id),
    at_most(300, {"subject", "topic"}),
    at_most(50, {"firstname", "first_name"}),
    at_most(50, {"lastname", "last_name"}),
    {"fullname", "", text, full_name},
    at_most(100, {"companyname", "company"}),
    at_most(100, {"emailaddress1", "email"}),
    at_most(50, {"telephone1", "phone"}),
    at_most(50, {"mobilephone", "mobile"}),
    at_most(100, {"jobtitle", "title"}),
    one_of(kThreeStates, {"statecode", "", number, lead_state, write_lead_state}),
    one_of(kLeadStatus, {"statuscode", "", number, lead_status}),
    kDescription,
};

constexpr Field kOpportunities[] = {
    read_only("opportunityid", "id", id),
    at_most(160, {"name", "name"}),
    {"estimatedvalue", "amount", number},
    {"actualvalue", "", number, actual_value},
    {"estimatedclosedate", "close_date", date},
    {"actualclosedate", "", date, actual_close_date},
    at_most(200, {"stepname", "stage"}),
    at_most(2000, {"currentsituation", "next_step", long_text}),
    one_of(kThreeStates, {"statecode", "", number, deal_state, write_deal_state}),
    one_of(kDealStatus, {"statuscode", "", number, deal_status}),
    {"_parentaccountid_value", "account", reference},
    {"_parentcontactid_value", "contact", reference},
    {"_customerid_value", "account", reference},
};

constexpr Field kSalesProcesses[] = {
    read_only("businessprocessflowinstanceid", "id", id),
    read_only("_opportunityid_value", "id", reference),
    {"activestagestartedon", "stage_changed", time},
    {"statecode", "", number, deal_state},
};

constexpr Field kIncidents[] = {
    read_only("incidentid", "id", id),
    at_most(200, {"title", "subject"}),
    {"ticketnumber", "", text, ticket_number},
    one_of(kThreeStates, {"statecode", "", number, case_state, write_case_state}),
    one_of(kCaseStatus, {"statuscode", "", number, case_status}),
    one_of(kPriorities, {"prioritycode", "", number, priority_code}),
    one_of(kOrigins, {"caseorigincode", "", number, origin_code}),
    one_of(kSatisfactions, {"customersatisfactioncode", "csat", number}),
    {"_customerid_value", "account", reference},
    {"_primarycontactid_value", "contact", reference},
    kDescription,
};

constexpr Field kResolutions[] = {
    read_only("activityid", "id", id),
    {"actualend", "closed_at", time},
    read_only("_incidentid_value", "id", reference),
};

constexpr Field kTasks[] = {
    read_only("activityid", "id", id),
    at_most(200, {"subject", "subject"}),
    {"activitytypecode", "", text, activity_type},
    one_of(kThreeStates, {"statecode", "", number, task_state}),
    {"scheduledend", "due", date},
    {"actualend", "done_at", time},
    {"_regardingobjectid_value", "", reference, task_about, write_task_about},
    kDescription,
};

constexpr Field kUsers[] = {
    read_only("systemuserid", "id", id),      {"fullname", "name"},
    {"internalemailaddress", "email"},        {"domainname", "email"},
    {"isdisabled", "", boolean, is_disabled}, {"accessmode", "", number, access_mode},
};

constexpr Field kAudits[] = {
    read_only("auditid", "id", id),
    {"action", "", number, access_action},
    {"operation", "", number, access_operation},
    {"_userid_value", "user", reference},
    {"_objectid_value", "user", reference},
    {"createdon", "at", time},
};

}  // namespace

const std::vector<Object>& objects() {
  // Other activities exist and are empty: the company logs tasks.
  static const std::vector<Object> kObjects{
      {"accounts", "account", {Kind::account}, with_audit({}, kAccounts, kAudit)},
      {"contacts", "contact", {Kind::contact}, with_audit({}, kContacts, kAudit)},
      {"leads", "lead", {Kind::lead}, with_audit({}, kLeads, kAudit)},
      {"opportunities", "opportunity", {Kind::opportunity}, with_audit({}, kOpportunities, kAudit)},
      {"opportunitysalesprocesses",
       "opportunitysalesprocess",
       {Kind::opportunity},
       with_audit({}, kSalesProcesses, kAudit),
       nullptr,
       false},
      {"incidents", "incident", {Kind::case_}, with_audit({}, kIncidents, kAudit)},
      {"incidentresolutions", "incidentresolution", {Kind::case_}, with_audit({}, kResolutions, kAudit), closed, false},
      {"tasks", "task", {Kind::task}, with_audit({}, kTasks, kAudit)},
      {"activitypointers", "activitypointer", {Kind::task}, with_audit({}, kTasks, kAudit), nullptr, false},
      {"phonecalls", "phonecall", {Kind::task}, with_audit({}, kTasks, kAudit), never, false},
      {"appointments", "appointment", {Kind::task}, with_audit({}, kTasks, kAudit), never, false},
      {"emails", "email", {Kind::task}, with_audit({}, kTasks, kAudit), never, false},
      {"systemusers", "systemuser", {Kind::user}, with_audit({}, kUsers, kStamps), nullptr, false},
      {"audits", "audit", {Kind::login}, with_audit(kAudits, {}), successful, false},
  };
  return kObjects;
}

std::string guid_text(RecordId id) {
  return fmt::format("{}{:012x}", kGuidHead, id);
}

std::optional<RecordId> parse_guid(std::string_view text) {
  if (text.size() != 36 || text.substr(0, 24) != kGuidHead) {
    // Any other GUID is one of a record that never was.
    const bool shaped = text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-';
    return shaped ? std::optional<RecordId>{0} : std::nullopt;
  }
  return number_from<RecordId>(text.substr(24), 16);
}

}  // namespace crmpulse::sandbox::dynamics
