// HubSpot's object types and properties.

#include "core/text/ascii.h"
#include "sandbox/hubspot/parts.h"

namespace crmpulse::sandbox::hubspot {
namespace {

Value millis(std::optional<double> seconds) {
  return seconds ? Value{*seconds * 1000} : Value{};
}

Value company_of(const Lookup& lookup, const Record& contact) {
  if (Value own = field(contact, "company"); !is_null(own)) return own;
  const Record* account = lookup.record(field(contact, "account"));
  return account != nullptr ? field(*account, "name") : Value{};
}

void write_company(const Value& value, Fields& fields) {
  fields["company"] = value;
}

Value bounces(const Lookup&, const Record& contact) {
  return truth_of(field(contact, "email_bounced")) ? Value{1.0} : Value{};
}

Value bounce_reason(const Lookup&, const Record& contact) {
  return truth_of(field(contact, "email_bounced")) ? Value{"UNKNOWN_USER"} : Value{};
}

/// A contact's is its first task; a lead's what the CRM itself says.
Value first_engagement(const Lookup& lookup, const Record& person) {
  if (const auto seconds = seconds_between(person, "created", "first_touch")) return *seconds * 1000;
  const auto found = lookup.first_touch().find(person.id);
  if (found == lookup.first_touch().end()) return {};
  return static_cast<double>((found->second - person.created).count());
}

Value last_contacted(const Lookup& lookup, const Record& person) {
  if (Value known = field(person, "last_activity"); !is_null(known)) return known;
  const auto found = lookup.first_touch().find(person.id);
  return found != lookup.first_touch().end() ? Value{found->second} : Value{};
}

Value stage_id(const Lookup&, const Record& deal) {
  return internal_name(text_field(deal, "stage"));
}

Value status_id(const Lookup&, const Record& record) {
  return internal_name(text_field(record, "status"));
}

Value time_in_stage(const Lookup& lookup, const Record& deal) {
  const auto since = time_of(field(deal, "stage_changed"));
  return since ? Value{static_cast<double>((lookup.now - *since).count())} : Value{};
}

Value time_to_close(const Lookup&, const Record& record) {
  return millis(seconds_between(record, "created", "closed_at"));
}

Value days_to_close(const Lookup&, const Record& record) {
  const auto seconds = seconds_between(record, "created", "closed_at");
  return seconds ? Value{static_cast<double>(static_cast<std::int64_t>(*seconds / 86400))} : Value{};
}

Value time_to_first_reply(const Lookup&, const Record& ticket) {
  return millis(seconds_between(ticket, "created", "first_reply"));
}

Value upper_priority(const Lookup&, const Record& ticket) {
  const std::string text = ascii::upper(text_field(ticket, "priority"));
  return text.empty() ? Value{} : Value{text};
}

void write_priority(const Value& value, Fields& fields) {
  std::string text = text_of(value);
  for (std::size_t at = 1; at < text.size(); ++at) text[at] = static_cast<char>(text[at] | 0x20);
  fields["priority"] = text;
}

/// `closedwon` back to `Closed Won`; a name that is not one of these is kept.
std::string label_of(const std::string& id) {
  for (const char* label :
       {"Prospecting", "Qualification", "Proposal", "Negotiation", "Closed Won", "Closed Lost", "Open - Not Contacted",
        "Working - Contacted", "Closed - Converted", "Closed - Not Converted", "New", "Working", "Escalated", "Closed",
        "Not Started", "In Progress", "Completed"}) {
    if (internal_name(label) == id) return label;
  }
  return id;
}

void write_stage(const Value& value, Fields& fields) {
  fields["stage"] = label_of(text_of(value));
}

void write_status(const Value& value, Fields& fields) {
  fields["status"] = label_of(text_of(value));
}

Value default_pipeline(const Lookup&, const Record&) {
  return "default";
}

Value lead_name(const Lookup& lookup, const Record& lead) {
  const Value own = field(lead, "lead_name");
  return is_null(own) ? full_name(lookup, lead) : own;
}

void write_lead_name(const Value& value, Fields& fields) {
  fields["lead_name"] = value;
  fields.try_emplace("last_name", value);
}

Value csat_survey(const Lookup&, const Record&) {
  return "CSAT";
}

Value response_group(const Lookup&, const Record& ticket) {
  const auto csat = field(ticket, "csat");
  const double value = std::holds_alternative<double>(csat) ? std::get<double>(csat) : 0;
  return value >= 4 ? "HAPPY" : value >= 3 ? "NEUTRAL" : "UNHAPPY";
}

Condition with_csat() {
  return where("csat", Compare::not_equal, {});
}

using enum FieldType;

// Options of the enumerations; of stages the ids their pipelines have.
constexpr std::string_view kLifecycle[] = {"subscriber",         "lead",        "marketingqualifiedlead",
                                           "salesqualifiedlead", "opportunity", "customer",
                                           "evangelist",         "other"};
constexpr std::string_view kPipelines[] = {"default"};
constexpr std::string_view kDealStageIds[] = {"prospecting", "qualification", "proposal",
                                              "negotiation", "closedwon",     "closedlost"};
constexpr std::string_view kTicketStageIds[] = {"new", "working", "escalated", "closed"};
constexpr std::string_view kTicketPriorities[] = {"LOW", "MEDIUM", "HIGH", "URGENT"};
constexpr std::string_view kLeadStageIds[] = {"opennotcontacted", "workingcontacted", "closedconverted",
                                              "closednotconverted"};
constexpr std::string_view kTaskStatus[] = {"notstarted", "inprogress", "completed"};

constexpr Field kId[] = {read_only("hs_object_id", "id", id)};
constexpr Field kAudit[] = {read_only("createdate", "created", time),
                            read_only("hs_lastmodifieddate", "modified", time),
                            {"hubspot_owner_id", "owner", reference},
                            read_only("hs_created_by_user_id", "created_by", reference),
                            read_only("hs_updated_by_user_id", "modified_by", reference)};
constexpr Field kContactAudit[] = {kAudit[0], read_only("lastmodifieddate", "modified", time), kAudit[2], kAudit[3],
                                   kAudit[4]};
constexpr Field kActivityAudit[] = {read_only("hs_createdate", "created", time), kAudit[1], kAudit[2]};

constexpr Field kContacts[] = {
    {"email", "email"},
    {"firstname", "first_name"},
    {"lastname", "last_name"},
    {"phone", "phone"},
    {"mobilephone", "mobile"},
    one_of(kLifecycle, {"lifecyclestage", "lifecycle_stage"}),
    {"jobtitle", "title"},
    {"company", "", text, company_of, write_company},
    {"associatedcompanyid", "account", reference},
    {"hs_email_bounce", "", number, bounces},
    {"hs_email_hard_bounce_reason_enum", "", text, bounce_reason},
    {"hs_time_to_first_engagement", "", number, first_engagement},
    {"notes_last_contacted", "", time, last_contacted},
};

constexpr Field kCompanies[] = {
    {"name", "name"}, {"domain", "website"},  {"website", "website"},   {"phone", "phone"},
    {"city", "city"}, {"country", "country"}, {"industry", "industry"},
};

constexpr Field kDeals[] = {
    {"dealname", "name"},
    {"amount", "amount", number},
    read_only("amount_in_home_currency", "amount", number),
    {"deal_currency_code", "currency"},
    one_of(kDealStageIds, {"dealstage", "", text, stage_id, write_stage}),
    one_of(kPipelines, {"pipeline", "", text, default_pipeline}),
    {"closedate", "close_date", time},
    read_only("hs_is_closed", "closed", boolean),
    read_only("hs_is_closed_won", "won", boolean),
    {"hs_next_step", "next_step"},
    read_only("hs_v2_date_entered_current_stage", "stage_changed", time),
    {"hs_v2_time_in_current_stage", "", number, time_in_stage},
    {"days_to_close", "", number, days_to_close},
    {"hs_primary_associated_company", "account", reference},
    read_only("notes_last_contacted", "last_activity", time),
    read_only("notes_last_updated", "last_activity", time),
};

constexpr Field kTickets[] = {
    {"subject", "subject"},
    one_of(kPipelines, {"hs_pipeline", "", text, default_pipeline}),
    one_of(kTicketStageIds, {"hs_pipeline_stage", "", text, status_id, write_status}),
    one_of(kTicketPriorities, {"hs_ticket_priority", "", text, upper_priority, write_priority}),
    {"source_type", "origin"},
    {"closed_date", "closed_at", time},
    {"first_agent_reply_date", "first_reply", time},
    {"time_to_close", "", number, time_to_close},
    {"time_to_first_agent_reply", "", number, time_to_first_reply},
    {"hs_time_to_first_response_in_operating_hours", "", number, time_to_first_reply},
};

constexpr Field kLeads[] = {
    {"hs_lead_name", "", text, lead_name, write_lead_name},
    one_of(kPipelines, {"hs_pipeline", "", text, default_pipeline}),
    one_of(kLeadStageIds, {"hs_pipeline_stage", "", text, status_id, write_status}),
    {"hs_associated_contact_email", "email"},
    {"hs_associated_company_name", "company"},
    {"hs_time_to_first_engagement", "", number, first_engagement},
    {"notes_last_contacted", "", time, last_contacted},
};

constexpr Field kTasks[] = {
    {"hs_task_subject", "subject"},
    one_of(kTaskStatus, {"hs_task_status", "", text, status_id, write_status}),
    {"hs_timestamp", "due", time},
    {"hs_task_completion_date", "done_at", time},
};

constexpr Field kEngagements[] = {
    {"hs_timestamp", "created", time},
};

constexpr Field kFeedback[] = {
    {"hs_survey_type", "", text, csat_survey},       {"hs_value", "csat", number},
    {"hs_response_group", "", text, response_group}, {"hs_submission_timestamp", "closed_at", time},
    read_only("hs_createdate", "closed_at", time),   kAudit[1],
};

}  // namespace

const std::vector<Object>& objects() {
  // Calls, e-mails, meetings and notes exist and are empty: the company logs tasks.
  static const std::vector<Object> kObjects{
      {"contacts", "0-1", {Kind::contact}, with_audit(kId, kContacts, kContactAudit)},
      {"companies", "0-2", {Kind::account}, with_audit(kId, kCompanies, kAudit)},
      {"deals", "0-3", {Kind::opportunity}, with_audit(kId, kDeals, kAudit)},
      {"tickets", "0-5", {Kind::case_}, with_audit(kId, kTickets, kAudit)},
      {"leads", "0-136", {Kind::lead}, with_audit(kId, kLeads, kActivityAudit)},
      {"tasks", "0-27", {Kind::task}, with_audit(kId, kTasks, kActivityAudit)},
      {"feedback_submissions", "0-19", {Kind::case_}, with_audit(kId, kFeedback, {}), with_csat, false},
      {"calls", "0-48", {Kind::task}, with_audit(kId, kEngagements, kActivityAudit), never, false},
      {"emails", "0-49", {Kind::task}, with_audit(kId, kEngagements, kActivityAudit), never, false},
      {"meetings", "0-47", {Kind::task}, with_audit(kId, kEngagements, kActivityAudit), never, false},
      {"notes", "0-46", {Kind::task}, with_audit(kId, kEngagements, kActivityAudit), never, false},
  };
  return kObjects;
}

std::optional<RecordId> parse_id(std::string_view text) {
  return number_from<RecordId>(text);
}

std::string internal_name(std::string_view label) {
  std::string name;
  for (const char c : label) {
    if (c == ' ' || c == '-') continue;
    name.push_back(ascii::lower(c));
  }
  return name;
}

}  // namespace crmpulse::sandbox::hubspot
