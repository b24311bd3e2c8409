// Zoho CRM's modules and fields.

#include <fmt/format.h>

#include "sandbox/zoho/parts.h"

namespace crmpulse::sandbox::zoho {
namespace {

constexpr RecordId kOrg = 5'843'104'000'000'000'000;

Value days(const std::optional<double>& seconds) {
  return seconds ? Value{static_cast<double>(static_cast<std::int64_t>(*seconds / 86400))} : Value{};
}

Value conversion_days(const Lookup&, const Record& lead) {
  return days(seconds_between(lead, "created", "converted_at"));
}

Value sales_cycle_days(const Lookup&, const Record& deal) {
  return truth_of(field(deal, "won")) ? days(seconds_between(deal, "created", "closed_at")) : Value{};
}

Value case_number(const Lookup&, const Record& record) {
  return std::to_string(record.id);
}

/// Who a task is about: a contact in Who_Id; a lead, like everything else, in What_Id.
Value task_contact(const Lookup& lookup, const Record& task) {
  const Record* who = lookup.record(field(task, "who"));
  return who != nullptr && who->kind == Kind::contact ? field(task, "who") : Value{};
}

Value task_subject(const Lookup& lookup, const Record& task) {
  const Record* who = lookup.record(field(task, "who"));
  return who != nullptr && who->kind == Kind::lead ? field(task, "who") : field(task, "what");
}

void write_contact(const Value& value, Fields& fields) {
  fields["who"] = value;
}

void write_subject(const Value& value, Fields& fields) {
  fields["what"] = value;
}

Value module_of_subject(const Lookup& lookup, const Record& task) {
  const Record* what = lookup.record(task_subject(lookup, task));
  if (what == nullptr) return {};
  switch (what->kind) {
    case Kind::lead: return "Leads";
    case Kind::opportunity: return "Deals";
    case Kind::case_: return "Cases";
    default: return {};
  }
}

/// Converted leads are in no list; `converted=true` asks for them.
Condition unconverted() {
  return where("converted", Compare::not_equal, true);
}

using enum FieldType;

// What the picklists offer.
constexpr std::string_view kLeadStatus[] = {"Open - Not Contacted", "Working - Contacted", "Closed - Converted",
                                            "Closed - Not Converted"};
constexpr std::string_view kStages[] = {"Prospecting", "Qualification", "Proposal",
                                        "Negotiation", "Closed Won",    "Closed Lost"};
constexpr std::string_view kCaseStatus[] = {"New", "Working", "Escalated", "Closed"};
constexpr std::string_view kPriorities[] = {"High", "Medium", "Low"};
constexpr std::string_view kOrigins[] = {"Phone", "Email", "Web"};
constexpr std::string_view kTaskStatus[] = {"Not Started", "Deferred", "In Progress", "Completed", "Waiting for input"};
constexpr std::string_view kIndustries[] = {"Retail", "Banking", "Healthcare", "Energy", "Education"};

/// Several lines: neither filtered, sorted nor grouped by.
constexpr Field kDescription = at_most(32'000, {"Description", "description", long_text});

constexpr Field kId[] = {read_only("id", "id", id)};
constexpr Field kAudit[] = {{"Owner", "owner", reference},
                            read_only("Created_By", "created_by", reference),
                            read_only("Modified_By", "modified_by", reference),
                            read_only("Created_Time", "created", time),
                            read_only("Modified_Time", "modified", time)};

constexpr Field kLeads[] = {
    at_most(40, {"First_Name", "first_name"}),
    at_most(80, {"Last_Name", "last_name"}),
    {"Full_Name", "", text, full_name},
    at_most(200, {"Company", "company"}),
    at_most(100, {"Email", "email"}),
    at_most(30, {"Phone", "phone"}),
    at_most(30, {"Mobile", "mobile"}),
    at_most(100, {"Designation", "title"}),
    one_of(kLeadStatus, {"Lead_Status", "status"}),
    read_only("Last_Activity_Time", "last_activity", time),
    read_only("Converted__s", "converted", boolean),
    read_only("Converted_Date_Time", "converted_at", time),
    {"Lead_Conversion_Time", "", number, conversion_days},
    {"Email_Opt_Out", "", boolean, always_false},
    kDescription,
};

constexpr Field kContacts[] = {
    at_most(40, {"First_Name", "first_name"}),
    at_most(80, {"Last_Name", "last_name"}),
    {"Full_Name", "", text, full_name},
    at_most(100, {"Email", "email"}),
    at_most(30, {"Phone", "phone"}),
    at_most(30, {"Mobile", "mobile"}),
    at_most(100, {"Title", "title"}),
    {"Account_Name", "account", reference},
    {"Email_Opt_Out", "", boolean, always_false},
    kDescription,
};

constexpr Field kAccounts[] = {
    at_most(200, {"Account_Name", "name"}),       at_most(30, {"Phone", "phone"}),
    at_most(450, {"Website", "website"}),         at_most(100, {"Billing_City", "city"}),
    at_most(100, {"Billing_Country", "country"}), one_of(kIndustries, {"Industry", "industry"}),
};

constexpr Field kDeals[] = {
    at_most(120, {"Deal_Name", "name"}),
    {"Account_Name", "account", reference},
    {"Amount", "amount", number},
    one_of(kStages, {"Stage", "stage"}),
    {"Closing_Date", "close_date", date},
    at_most(100, {"Next_Step", "next_step"}),
    {"Currency", "currency"},
    read_only("Last_Activity_Time", "last_activity", time),
    {"Sales_Cycle_Duration", "", number, sales_cycle_days},
    {"Overall_Sales_Duration", "", number, sales_cycle_days},
    kDescription,
};

constexpr Field kCases[] = {
    {"Case_Number", "", text, case_number},      at_most(300, {"Subject", "subject"}),
    {"Account_Name", "account", reference},      {"Related_To", "contact", reference},
    one_of(kCaseStatus, {"Status", "status"}),   one_of(kPriorities, {"Priority", "priority"}),
    one_of(kOrigins, {"Case_Origin", "origin"}), kDescription,
};

constexpr Field kTasks[] = {
    at_most(300, {"Subject", "subject"}),
    {"Who_Id", "", reference, task_contact, write_contact},
    {"What_Id", "", reference, task_subject, write_subject},
    {"$se_module", "", text, module_of_subject},
    one_of(kTaskStatus, {"Status", "status"}),
    {"Due_Date", "due", date},
    {"Closed_Time", "done_at", time},
};

}  // namespace

const std::vector<Object>& objects() {
  // Calls and meetings exist and are empty: the company logs tasks.
  static const std::vector<Object> kModules{
      {"Leads", "Lead", {Kind::lead}, with_audit(kId, kLeads, kAudit), unconverted},
      {"Contacts", "Contact", {Kind::contact}, with_audit(kId, kContacts, kAudit)},
      {"Accounts", "Account", {Kind::account}, with_audit(kId, kAccounts, kAudit)},
      {"Deals", "Deal", {Kind::opportunity}, with_audit(kId, kDeals, kAudit)},
      {"Cases", "Case", {Kind::case_}, with_audit(kId, kCases, kAudit)},
      {"Tasks", "Task", {Kind::task}, with_audit(kId, kTasks, kAudit)},
      {"Calls", "Call", {Kind::task}, with_audit(kId, kTasks, kAudit), never, false},
      {"Events", "Event", {Kind::task}, with_audit(kId, kTasks, kAudit), never, false},
  };
  return kModules;
}

std::string id_text(RecordId id) {
  return std::to_string(kOrg + id);
}

std::optional<RecordId> parse_id(std::string_view text) {
  const auto id = number_from<RecordId>(text);
  return id && *id >= kOrg ? std::optional{*id - kOrg} : std::nullopt;
}

}  // namespace crmpulse::sandbox::zoho
