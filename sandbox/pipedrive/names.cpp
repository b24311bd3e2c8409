// Pipedrive's objects and fields.

#include <fmt/format.h>

#include <algorithm>

#include "sandbox/pipedrive/parts.h"

namespace crmpulse::sandbox::pipedrive {
namespace {

constexpr std::string_view kLeadHead = "adf21080-0e10-11eb-879b-";

Value deal_status(const Lookup&, const Record& deal) {
  if (!truth_of(field(deal, "closed"))) return "open";
  return truth_of(field(deal, "won")) ? "won" : "lost";
}

void write_status(const Value& value, Fields& fields) {
  const std::string status = text_of(value);
  fields["stage"] = status == "won" ? "Closed Won" : status == "lost" ? "Closed Lost" : "Prospecting";
}

/// A closed deal stays in the last stage it had.
Value stage_id(const Lookup&, const Record& deal) {
  const auto found = std::find(kStages.begin(), kStages.end(), text_field(deal, "stage"));
  return found == kStages.end() ? static_cast<double>(kStages.size())
                                : static_cast<double>(found - kStages.begin() + 1);
}

void write_stage(const Value& value, Fields& fields) {
  const RecordId id = id_of(value);
  if (id >= 1 && id <= kStages.size()) fields["stage"] = std::string{kStages[id - 1]};
}

/// Pipedrive has no deal without a value: nothing said is 0.
Value deal_value(const Lookup&, const Record& deal) {
  const Value amount = field(deal, "amount");
  return is_null(amount) ? Value{0.0} : amount;
}

void write_value(const Value& value, Fields& fields) {
  fields["amount"] = value;
}

Value pipeline_id(const Lookup&, const Record&) {
  return 1.0;
}

Value deal_archived(const Lookup&, const Record& deal) {
  return truth_of(field(deal, "archived"));
}

void write_deal_archived(const Value& value, Fields& fields) {
  fields["archived"] = value;
}

Value won_time(const Lookup&, const Record& deal) {
  return truth_of(field(deal, "won")) ? field(deal, "closed_at") : Value{};
}

Value lost_time(const Lookup&, const Record& deal) {
  return truth_of(field(deal, "won")) ? Value{} : field(deal, "closed_at");
}

void write_name(const Value& value, Fields& fields) {
  const std::string name = text_of(value);
  const auto blank = name.find(' ');
  fields["first_name"] = blank == std::string::npos ? Value{} : Value{name.substr(0, blank)};
  fields["last_name"] = blank == std::string::npos ? name : name.substr(blank + 1);
}

Value lead_title(const Lookup& lookup, const Record& lead) {
  const Value own = field(lead, "lead_title");
  return is_null(own) ? full_name(lookup, lead) : own;
}

void write_lead_title(const Value& value, Fields& fields) {
  fields["lead_title"] = value;
  fields.try_emplace("last_name", value);
}

/// A lead that was converted, or given up, is archived.
Value lead_archived(const Lookup&, const Record& lead) {
  return truth_of(field(lead, "converted")) || text_field(lead, "status").starts_with("Closed");
}

Value lead_seen(const Lookup&, const Record& lead) {
  return !truth_of(field(lead, "unread"));
}

Value activity_done(const Lookup&, const Record& task) {
  return !is_null(field(task, "done_at"));
}

Value activity_type(const Lookup&, const Record& task) {
  std::string text = text_field(task, "subject");
  if (text != "Call" && text != "Email" && text != "Meeting") return "task";
  text.front() = static_cast<char>(text.front() + 32);
  return text;
}

/// The task's record when it is of that kind.
Value about(const Lookup& lookup, const Record& task, const char* name, Kind kind) {
  const Record* other = lookup.record(field(task, name));
  return other != nullptr && other->kind == kind ? field(task, name) : Value{};
}

Value activity_deal(const Lookup& lookup, const Record& task) {
  return about(lookup, task, "what", Kind::opportunity);
}

Value activity_person(const Lookup& lookup, const Record& task) {
  return about(lookup, task, "who", Kind::contact);
}

Value activity_lead(const Lookup& lookup, const Record& task) {
  const RecordId lead = id_of(about(lookup, task, "who", Kind::lead));
  return lead != 0 ? Value{lead_id(lead)} : Value{};
}

void write_deal(const Value& value, Fields& fields) {
  fields["what"] = value;
}

void write_person(const Value& value, Fields& fields) {
  fields["who"] = value;
}

using enum FieldType;

constexpr std::string_view kStatus[] = {"open", "won", "lost", "deleted"};
constexpr std::string_view kStageIds[] = {"1", "2", "3", "4"};
constexpr std::string_view kPipelineIds[] = {"1"};
constexpr std::string_view kActivityTypes[] = {"call", "meeting", "task", "deadline", "email", "lunch"};
constexpr std::size_t kLongest = 255;  ///< of titles and names

constexpr Field kId[] = {read_only("id", "id", id)};
constexpr Field kAudit[] = {{"owner_id", "owner", reference},
                            read_only("add_time", "created", time),
                            read_only("update_time", "modified", time)};

constexpr Field kDeals[] = {
    at_most(kLongest, {"title", "name"}),
    {"value", "", number, deal_value, write_value},
    {"currency", "currency"},
    one_of(kStatus, {"status", "", text, deal_status, write_status}),
    one_of(kStageIds, {"stage_id", "", number, stage_id, write_stage}),
    one_of(kPipelineIds, {"pipeline_id", "", number, pipeline_id}),
    {"org_id", "account", reference},
    {"person_id", "contact", reference},
    read_only("creator_user_id", "created_by", reference),
    read_only("stage_change_time", "stage_changed", time),
    read_only("close_time", "closed_at", time),
    {"won_time", "", time, won_time},
    {"lost_time", "", time, lost_time},
    {"lost_reason", "lost_reason"},
    {"expected_close_date", "close_date", date},
    read_only("last_activity_date", "last_activity", date),
    {"is_archived", "", boolean, deal_archived, write_deal_archived},
};

constexpr Field kPersons[] = {
    at_most(kLongest, {"name", "", text, full_name, write_name}),
    at_most(kLongest, {"first_name", "first_name"}),
    at_most(kLongest, {"last_name", "last_name"}),
    {"emails", "email"},
    {"phones", "phone"},
    {"job_title", "title"},
    {"org_id", "account", reference},
};

constexpr Field kOrganizations[] = {
    at_most(kLongest, {"name", "name"}),
    {"website", "website"},
    {"industry", "industry"},
};

constexpr Field kActivities[] = {
    at_most(kLongest, {"subject", "subject"}),
    one_of(kActivityTypes, {"type", "", text, activity_type}),
    {"done", "", boolean, activity_done},
    {"due_date", "due", date},
    read_only("marked_as_done_time", "done_at", time),
    {"deal_id", "", reference, activity_deal, write_deal},
    {"person_id", "", reference, activity_person, write_person},
    {"lead_id", "", text, activity_lead},
    read_only("creator_user_id", "created_by", reference),
};

constexpr Field kLeads[] = {
    at_most(kLongest, {"title", "", text, lead_title, write_lead_title}),
    read_only("creator_id", "created_by", reference),
    {"is_archived", "", boolean, lead_archived},
    {"was_seen", "", boolean, lead_seen},
};

}  // namespace

const std::vector<Object>& objects() {
  static const std::vector<Object> kObjects{
      {"deals", "deal", {Kind::opportunity}, with_audit(kId, kDeals, kAudit)},
      {"persons", "person", {Kind::contact}, with_audit(kId, kPersons, kAudit)},
      {"organizations", "organization", {Kind::account}, with_audit(kId, kOrganizations, kAudit)},
      {"activities", "activity", {Kind::task}, with_audit(kId, kActivities, kAudit)},
      {"leads", "lead", {Kind::lead}, with_audit(kId, kLeads, kAudit)},
  };
  return kObjects;
}

std::string lead_id(RecordId id) {
  return fmt::format("{}{:012x}", kLeadHead, id);
}

std::optional<RecordId> parse_id(std::string_view text) {
  if (!text.starts_with(kLeadHead)) return number_from<RecordId>(text);
  return number_from<RecordId>(text.substr(kLeadHead.size()), 16);
}

}  // namespace crmpulse::sandbox::pipedrive
