#include "collector/incidents.h"

#include <algorithm>
#include <boost/json.hpp>

#include "collector/describe.h"
#include "collector/json_text.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxTimeline = 200;
constexpr std::size_t kEvidenceLines = 20;
constexpr Duration kEvidenceBefore{std::chrono::minutes{15}};

json::object parse_detail(const std::string& text) {
  boost::system::error_code error;
  json::value parsed = json::parse(text, error);
  if (error || !parsed.is_object()) return {};
  return std::move(parsed.get_object());
}

/// Adds a step when the state is another than the last one's.
void add_step(json::object& detail, TimePoint at, std::string_view state) {
  if (detail["timeline"].is_null()) detail["timeline"] = json::array{};
  json::array& timeline = detail["timeline"].as_array();
  if (!timeline.empty() && timeline.back().is_object()) {
    const json::value* last = timeline.back().get_object().if_contains("state");
    if (last != nullptr && last->is_string() && std::string_view{last->get_string()} == state) return;
  }
  if (timeline.size() >= kMaxTimeline) timeline.erase(timeline.begin() + 1);
  timeline.push_back(json::object{{"at", format_time(at)}, {"state", state}});
}

void describe(json::object& detail, const rules::CrmStatus& status, const rules::IncidentStatus& incident,
              const CrmBook& book, const config::Remedies& remedies, TimePoint at) {
  const CrmFacts* facts = book.find(status.crm);
  const Fault fault = judge_fault(status, facts, at, &book);
  detail["state"] = state_name(status);
  detail["worst"] = to_string(incident.worst);
  detail["fault"] = fault_json(fault, Language::en);
  detail["fault"].as_object()["why_zh"] = fault.why_zh;
  detail["failing"] = failing_json(status, remedies);
  detail["evidence"] = evidence_texts(facts, incident.opened - kEvidenceBefore, kEvidenceLines);
}

}  // namespace

void IncidentBook::load(const std::vector<store::StoredIncident>& open) {
  for (const store::StoredIncident& incident : open) open_[incident.crm] = incident;
}

std::vector<store::StoredIncident> IncidentBook::update(const std::string& crm,
                                                        const std::optional<rules::CrmStatus>& status,
                                                        const CrmBook& book, const config::Remedies& remedies,
                                                        TimePoint at) {
  std::vector<store::StoredIncident> changed;
  const std::optional<rules::IncidentStatus> now = status ? status->incident : std::nullopt;
  const auto known = open_.find(crm);
  if (known != open_.end() && (!now || now->id != known->second.id)) {
    store::StoredIncident ended = std::move(known->second);
    open_.erase(known);
    json::object detail = parse_detail(ended.detail);
    add_step(detail, at, "resolved");
    ended.resolved = at;
    if (const json::value* worst = detail.if_contains("worst")) ended.level = *worst == "poor" ? 2 : 1;
    ended.detail = to_text(detail);
    changed.push_back(std::move(ended));
  }
  if (!status || !now) return changed;
  store::StoredIncident& incident = open_[crm];
  json::object detail = parse_detail(incident.detail);
  incident.id = now->id;
  incident.crm = crm;
  incident.kind = status->kind;
  incident.level = static_cast<int>(now->level);
  incident.opened = now->opened;
  describe(detail, *status, *now, book, remedies, at);
  add_step(detail, at, to_string(status->state));
  incident.detail = to_text(detail);
  changed.push_back(incident);
  return changed;
}

std::optional<TimePoint> IncidentBook::opened(const std::string& crm) const {
  const auto known = open_.find(crm);
  return known == open_.end() ? std::nullopt : std::optional{known->second.opened};
}

}  // namespace crmpulse::collector
