#include "collector/api/api.h"
#include "collector/message/describe.h"
#include "collector/message/fault.h"
#include "collector/message/vocabulary.h"
#include "collector/message/words.h"
#include "collector/notice/trouble.h"
#include "collector/suppression/text.h"
#include "collector/text/json_text.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

json::value open_incident_json(const EngineLoop& engine, const rules::CrmStatus& status) {
  if (!status.incident) return nullptr;
  const Fault fault = judge_fault(status, engine.crms().find(status.crm), engine.now(), &engine.crms(),
                                  engine.configuration().settings.time_zone);
  json::object out{{"id", status.incident->id},
                   {"level", to_string(status.incident->level)},
                   {"worst", to_string(status.incident->worst)},
                   {"opened_at", format_time(status.incident->opened)},
                   {"acked_by", status.acked_by ? json::value(*status.acked_by) : json::value(nullptr)},
                   {"ack", ack_json(engine.incidents().ack_of(status.crm))},
                   {"fault", fault_json(fault, Language::en)},
                   {"remedies", remedies_json(failing_of(status, engine.configuration().remedies))}};
  out["fault"].as_object()["why_zh"] = fault.why_zh;
  return out;
}

/// What fails most, as messages say it; null when nothing does.
json::value says_json(const EngineLoop& engine, const rules::CrmStatus& status) {
  const std::vector<Failing> bad = failing_of(status, engine.configuration().remedies);
  if (bad.empty()) return nullptr;
  const Bilingual words = failing_sentence(bad.front());
  return json::object{{"en", words.en}, {"zh", words.zh}};
}

json::value vendor_report_json(const EngineLoop& engine, const std::string& crm) {
  const CrmFacts* const facts = engine.crms().find(crm);
  const auto report =
      facts == nullptr ? std::nullopt : vendor_report(*facts, engine.now(), engine.configuration().settings.time_zone);
  if (!report) return nullptr;
  return json::object{{"en", report->why_en}, {"zh", report->why_zh}};
}

std::string_view status_name(store::DeliveryStatus status) {
  switch (status) {
    case store::DeliveryStatus::pending: return "pending";
    case store::DeliveryStatus::inflight: return "inflight";
    case store::DeliveryStatus::delivered: return "delivered";
    case store::DeliveryStatus::dead: return "dead";
    case store::DeliveryStatus::superseded: return "superseded";
    case store::DeliveryStatus::abandoned: return "abandoned";
  }
  return "pending";
}

bool finished(const store::OutboxRow& row) {
  return row.status == store::DeliveryStatus::delivered || row.status == store::DeliveryStatus::dead;
}

json::value finished_at(const store::OutboxRow& row) {
  return finished(row) ? json::value(format_time(row.not_before)) : json::value(nullptr);
}

json::object outcome_json(const store::OutboxRow& row) {
  return {{"status", status_name(row.status)},
          {"attempts", row.attempts},
          {"at", finished_at(row)},
          {"code", row.last_code},
          {"error", row.last_error}};
}

/// What holds news of a CRM back now.
json::array suppressed_json(const EngineLoop& engine, const std::string& crm, Suppression::Kind kind) {
  json::array out;
  for (const Suppression* suppression : engine.operations().in_effect(crm)) {
    if (suppression->kind == kind) out.push_back(suppression_json(*suppression, engine.now()));
  }
  return out;
}

}  // namespace

json::value ack_json(const Acknowledgement* ack) {
  if (ack == nullptr) return nullptr;
  json::object out{{"author", ack->author},
                   {"comment", ack->comment},
                   {"at", format_time(ack->at)},
                   {"expires_at", format_time(ack->until)}};
  if (!ack->from.empty()) out["from"] = ack->from;
  return out;
}

json::object crm_json(const EngineLoop& engine, const rules::CrmStatus& status) {
  json::array dimensions;
  for (const rules::RuleStatus* rule : by_dimension(status)) dimensions.push_back(dimension_json(*rule));
  json::object labels;
  for (const auto& [name, value] : status.labels) labels[name] = value;
  return {{"crm", status.crm},
          {"kind", status.kind},
          {"labels", std::move(labels)},
          {"state", state_name(status)},
          {"data_status", to_string(status.data_status)},
          {"since", format_time(status.since)},
          {"score", status.score ? json::value(*status.score) : json::value(nullptr)},
          {"flapping", status.flapping},
          {"says", says_json(engine, status)},
          {"silences", suppressed_json(engine, status.crm, Suppression::Kind::silence)},
          {"maintenance", suppressed_json(engine, status.crm, Suppression::Kind::maintenance)},
          {"dimensions", std::move(dimensions)},
          {"vendor_report", vendor_report_json(engine, status.crm)},
          {"incident", open_incident_json(engine, status)}};
}

json::object crm_details_json(const EngineLoop& engine, const rules::CrmStatus& status) {
  json::object out = crm_json(engine, status);
  json::array rules;
  for (const rules::RuleStatus& rule : status.rules) rules.push_back(dimension_json(rule));
  out["rules"] = std::move(rules);
  json::array evidence;
  json::array failures;
  if (const CrmFacts* facts = engine.crms().find(status.crm)) {
    for (auto line = facts->evidence.rbegin(); line != facts->evidence.rend(); ++line) {
      evidence.push_back(json::object{{"at", format_time(line->at)},
                                      {"agent", line->agent},
                                      {"operation", line->operation},
                                      {"stage", line->stage},
                                      {"reason", line->reason},
                                      {"text", line->text}});
    }
    for (const auto& [operation, failure] : facts->failures) {
      failures.push_back(json::object{{"at", format_time(failure.at)},
                                      {"operation", operation.operation},
                                      {"stage", failure.stage},
                                      {"reason", failure.reason},
                                      {"agent", failure.agent},
                                      {"text", failure.text}});
    }
  }
  out["evidence"] = std::move(evidence);
  out["failures"] = std::move(failures);
  return out;
}

json::object incident_json(const store::StoredIncident& incident) {
  json::object out{
      {"id", incident.id},
      {"crm", incident.crm},
      {"kind", incident.kind},
      {"state", incident.resolved ? "resolved" : "open"},
      {"level", to_string(static_cast<Level>(incident.level))},
      {"opened_at", format_time(incident.opened)},
      {"resolved_at", incident.resolved ? json::value(format_time(*incident.resolved)) : json::value(nullptr)},
      {"acknowledged_at", nullptr}};
  boost::system::error_code error;
  const json::value detail = json::parse(incident.detail, error);
  if (error || !detail.is_object()) return out;
  for (const char* key :
       {"acknowledged_at", "worst", "fault", "failing", "evidence", "changes", "ack", "timeline_omitted"}) {
    if (const json::value* part = detail.get_object().if_contains(key)) out[key] = *part;
  }
  return out;
}

json::array timeline_json(store::Database& database, const std::vector<store::IncidentEvent>& events) {
  json::array lines;
  for (const store::IncidentEvent& event : events) {
    boost::system::error_code error;
    json::value line = json::parse(event.body, error);
    if (error || !line.is_object()) continue;
    if (const json::value* id = line.get_object().if_contains("delivery"); id != nullptr && id->is_string()) {
      const auto row = store::find_delivery(database, std::string{id->get_string()});
      const bool known = row && *row;
      line.get_object()["outcome"] = known ? json::value(outcome_json(**row)) : json::value(nullptr);
      const std::string receiver = string_member(line.get_object(), "receiver");
      const std::string told = string_member(line.get_object(), "event");
      const Bilingual text =
          known ? delivery_words(receiver, told, (*row)->status) : past_delivery_words(receiver, told);
      line.get_object()["text"] = json::object{{"en", text.en}, {"zh", text.zh}};
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

json::object delivery_json(const store::OutboxRow& row) {
  return {{"id", row.id},
          {"receiver", row.receiver},
          {"about", row.dedup_key},
          {"seq", row.seq},
          {"event", row.event.text()},
          {"status", status_name(row.status)},
          {"attempts", row.attempts},
          {"last_code", row.last_code},
          {"last_error", row.last_error},
          {"created_at", format_time(row.created)},
          {"not_before", finished(row) ? json::value(nullptr) : json::value(format_time(row.not_before))},
          {"finished_at", finished_at(row)}};
}

json::object troubles_json(const std::vector<TroubleWatch::Present>& troubles) {
  json::array out;
  for (const TroubleWatch::Present& one : troubles) {
    const TroubleText text = trouble_text(one.trouble);
    out.push_back(json::object{{"kind", to_string(one.trouble.kind)},
                               {"subject", one.trouble.subject},
                               {"detail", one.trouble.detail},
                               {"since", format_time(one.since)},
                               {"told", one.told},
                               {"text", json::object{{"en", text.text.en}, {"zh", text.text.zh}}},
                               {"remedy", json::object{{"en", text.remedy.en}, {"zh", text.remedy.zh}}}});
  }
  return {{"troubles", std::move(out)}};
}

}  // namespace crmpulse::collector
