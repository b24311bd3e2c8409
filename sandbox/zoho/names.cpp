// Zoho CRM's modules and fields.

#include <fmt/format.h>

#include <charconv>

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

Value not_opted_out(const Lookup&, const Record&) {
  return false;
}

Value case_number(const Lookup&, const Record& record) {
  return std::to_string(record.id);
}

/// Who a task is about: a contact in Who_Id; a lead, like everything else, in What_Id.
Value task_contact(const Lookup& lookup, const Record& task) {
  const Record* who = lookup.company.find(id_of(field(task, "who")));
  return who != nullptr && who->kind == Kind::contact ? field(task, "who") : Value{};
}

Value task_subject(const Lookup& lookup, const Record& task) {
  const Record* who = lookup.company.find(id_of(field(task, "who")));
  return who != nullptr && who->kind == Kind::lead ? field(task, "who") : field(task, "what");
}

void write_contact(const Value& value, Fields& fields) {
  fields["who"] = value;
}

void write_subject(const Value& value, Fields& fields) {
  fields["what"] = value;
}

Value module_of_subject(const Lookup& lookup, const Record& task) {
  const Record* what = lookup.company.find(id_of(task_subject(lookup, task)));
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

Condition none_of_ours() {
  return never();
}

using enum FieldType;

constexpr FieldName kLeads[] = {
    {"id", "id", id, nullptr, nullptr, true},
    {"First_Name", "first_name"},
    {"Last_Name", "last_name"},
    {"Full_Name", "", text, full_name},
    {"Company", "company"},
    {"Email", "email"},
    {"Phone", "phone"},
    {"Mobile", "mobile"},
    {"Designation", "title"},
    {"Lead_Status", "status"},
    {"Last_Activity_Time", "last_activity", time, nullptr, nullptr, true},
    {"Converted__s", "converted", boolean, nullptr, nullptr, true},
    {"Converted_Date_Time", "converted_at", time, nullptr, nullptr, true},
    {"Lead_Conversion_Time", "", number, conversion_days},
    {"Email_Opt_Out", "", boolean, not_opted_out},
    {"Owner", "owner", reference},
    {"Created_By", "created_by", reference, nullptr, nullptr, true},
    {"Modified_By", "modified_by", reference, nullptr, nullptr, true},
    {"Created_Time", "created", time, nullptr, nullptr, true},
    {"Modified_Time", "modified", time, nullptr, nullptr, true},
};

constexpr FieldName kContacts[] = {
    {"id", "id", id, nullptr, nullptr, true},
    {"First_Name", "first_name"},
    {"Last_Name", "last_name"},
    {"Full_Name", "", text, full_name},
    {"Email", "email"},
    {"Phone", "phone"},
    {"Mobile", "mobile"},
    {"Title", "title"},
    {"Account_Name", "account", reference},
    {"Email_Opt_Out", "", boolean, not_opted_out},
    {"Owner", "owner", reference},
    {"Created_By", "created_by", reference, nullptr, nullptr, true},
    {"Modified_By", "modified_by", reference, nullptr, nullptr, true},
    {"Created_Time", "created", time, nullptr, nullptr, true},
    {"Modified_Time", "modified", time, nullptr, nullptr, true},
};

constexpr FieldName kAccounts[] = {
    {"id", "id", id, nullptr, nullptr, true},
    {"Account_Name", "name"},
    {"Phone", "phone"},
    {"Website", "website"},
    {"Billing_City", "city"},
    {"Billing_Country", "country"},
    {"Industry", "industry"},
    {"Owner", "owner", reference},
    {"Created_By", "created_by", reference, nullptr, nullptr, true},
    {"Modified_By", "modified_by", reference, nullptr, nullptr, true},
    {"Created_Time", "created", time, nullptr, nullptr, true},
    {"Modified_Time", "modified", time, nullptr, nullptr, true},
};

constexpr FieldName kDeals[] = {
    {"id", "id", id, nullptr, nullptr, true},
    {"Deal_Name", "name"},
    {"Account_Name", "account", reference},
    {"Amount", "amount", number},
    {"Stage", "stage"},
    {"Closing_Date", "close_date", date},
    {"Next_Step", "next_step"},
    {"Currency", "currency"},
    {"Last_Activity_Time", "last_activity", time, nullptr, nullptr, true},
    {"Sales_Cycle_Duration", "", number, sales_cycle_days},
    {"Overall_Sales_Duration", "", number, sales_cycle_days},
    {"Owner", "owner", reference},
    {"Created_By", "created_by", reference, nullptr, nullptr, true},
    {"Modified_By", "modified_by", reference, nullptr, nullptr, true},
    {"Created_Time", "created", time, nullptr, nullptr, true},
    {"Modified_Time", "modified", time, nullptr, nullptr, true},
};

constexpr FieldName kCases[] = {
    {"id", "id", id, nullptr, nullptr, true},
    {"Case_Number", "", text, case_number},
    {"Subject", "subject"},
    {"Account_Name", "account", reference},
    {"Related_To", "contact", reference},
    {"Status", "status"},
    {"Priority", "priority"},
    {"Case_Origin", "origin"},
    {"Owner", "owner", reference},
    {"Created_By", "created_by", reference, nullptr, nullptr, true},
    {"Modified_By", "modified_by", reference, nullptr, nullptr, true},
    {"Created_Time", "created", time, nullptr, nullptr, true},
    {"Modified_Time", "modified", time, nullptr, nullptr, true},
};

constexpr FieldName kTasks[] = {
    {"id", "id", id, nullptr, nullptr, true},
    {"Subject", "subject"},
    {"Who_Id", "", reference, task_contact, write_contact},
    {"What_Id", "", reference, task_subject, write_subject},
    {"$se_module", "", text, module_of_subject},
    {"Status", "status"},
    {"Due_Date", "due", date},
    {"Closed_Time", "done_at", time},
    {"Owner", "owner", reference},
    {"Created_By", "created_by", reference, nullptr, nullptr, true},
    {"Modified_By", "modified_by", reference, nullptr, nullptr, true},
    {"Created_Time", "created", time, nullptr, nullptr, true},
    {"Modified_Time", "modified", time, nullptr, nullptr, true},
};

// Calls and meetings exist and are empty: the company logs tasks.
constexpr ObjectName kModules[] = {
    {"Leads", "Lead", Kind::lead, kLeads, unconverted},
    {"Contacts", "Contact", Kind::contact, kContacts},
    {"Accounts", "Account", Kind::account, kAccounts},
    {"Deals", "Deal", Kind::opportunity, kDeals},
    {"Cases", "Case", Kind::case_, kCases},
    {"Tasks", "Task", Kind::task, kTasks},
    {"Calls", "Call", Kind::task, kTasks, none_of_ours, false},
    {"Events", "Event", Kind::task, kTasks, none_of_ours, false},
};

}  // namespace

std::span<const ObjectName> objects() {
  return kModules;
}

std::string id_text(RecordId id) {
  return std::to_string(kOrg + id);
}

std::optional<RecordId> parse_id(std::string_view text) {
  RecordId id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size() || id < kOrg) return std::nullopt;
  return id - kOrg;
}

}  // namespace crmpulse::sandbox::zoho
