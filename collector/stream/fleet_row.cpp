#include "collector/stream/fleet_row.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "collector/message/describe.h"
#include "collector/message/fault.h"
#include "collector/message/words.h"
#include "collector/suppression/operations.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

json::object text_json(const Bilingual& text) {
  return {{"en", text.en}, {"zh", text.zh}};
}

json::value fault_of(EngineLoop& engine, const rules::CrmStatus& status) {
  const Fault fault = judge_fault(status, engine.crms().find(status.crm), engine.now(), &engine.crms(),
                                  engine.configuration().settings.time_zone);
  json::object out = fault_json(fault, Language::en);
  out["why"] = json::object{{"en", fault_words(fault, Language::en)}, {"zh", fault_words(fault, Language::zh)}};
  return out;
}

/// Maintenance says more than a silence: work on the CRM is planned.
json::value quiet_of(EngineLoop& engine, const rules::CrmStatus& status) {
  const std::vector<const Suppression*> holding = engine.operations().in_effect(status.crm);
  if (holding.empty()) return nullptr;
  const auto planned = std::find_if(holding.begin(), holding.end(),
                                    [](const Suppression* one) { return one->kind == Suppression::Kind::maintenance; });
  const Suppression& shown = planned == holding.end() ? *holding.front() : **planned;
  const TimePoint next = shown.next_switch(engine.now());
  return json::object{{"kind", to_string(shown.kind)},
                      {"id", shown.id},
                      {"until", next == TimePoint::max() ? json::value(nullptr) : json::value(format_time(next))},
                      {"author", shown.author},
                      {"comment", shown.comment}};
}

json::value incident_of(const rules::CrmStatus& status) {
  if (!status.incident) return nullptr;
  return json::object{{"id", status.incident->id},
                      {"level", to_string(status.incident->level)},
                      {"opened_at", format_time(status.incident->opened)},
                      {"acked_by", status.acked_by ? json::value(*status.acked_by) : json::value(nullptr)}};
}

}  // namespace

json::object fleet_row(EngineLoop& engine, const rules::CrmStatus& status) {
  json::object labels;
  for (const auto& [name, value] : status.labels) {
    if (name != "crm" && name != "kind") labels[name] = value;
  }
  std::vector<Failing> failing = failing_of(status, engine.configuration().remedies);
  json::value says = failing.empty() ? json::value(nullptr) : text_json(failing_sentence(failing.front()));
  const std::size_t count = failing.size();
  // Whole, as it is shown: behind the point it changes with every sample, and each page would hear of it.
  json::value score = status.score ? json::value(std::round(*status.score)) : json::value(nullptr);
  json::value fault = failing.empty() ? json::value(nullptr) : fault_of(engine, status);
  failing.resize(std::min(count, kRowFailing));
  json::array shown = failing_json(failing);
  for (json::value& one : shown) one.as_object().erase("remedy");
  return {{"crm", status.crm},
          {"kind", status.kind},
          {"labels", std::move(labels)},
          {"state", state_name(status)},
          {"data_status", to_string(status.data_status)},
          {"since", format_time(status.since)},
          {"score", std::move(score)},
          {"flapping", status.flapping},
          {"says", std::move(says)},
          {"failing", std::move(shown)},
          {"failing_count", count},
          {"dimension_count", by_dimension(status).size()},
          {"fault", std::move(fault)},
          {"incident", incident_of(status)},
          {"quiet", quiet_of(engine, status)},
          {"strip", engine.strip_of(status.crm)}};
}

}  // namespace crmpulse::collector
