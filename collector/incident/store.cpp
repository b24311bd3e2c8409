#include "collector/incident/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "collector/incident/timeline.h"
#include "collector/message/change_text.h"
#include "collector/message/describe.h"
#include "collector/message/fault.h"
#include "collector/text/json_text.h"
#include "core/hash.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kEvidenceLines = 20;
constexpr Duration kEvidenceBefore{std::chrono::minutes{15}};
constexpr std::size_t kMostDigests = 5000;  ///< beyond, further evidence is not even counted
constexpr Duration kRememberEnded{std::chrono::hours{24}};

json::object parse_detail(const std::string& text) {
  boost::system::error_code error;
  json::value parsed = json::parse(text, error);
  if (error || !parsed.is_object()) return {};
  return std::move(parsed.get_object());
}

json::value ack_json(const std::optional<Acknowledgement>& ack) {
  if (!ack) return nullptr;
  json::object out{{"author", ack->author},
                   {"comment", ack->comment},
                   {"at", format_time(ack->at)},
                   {"expires_at", format_time(ack->until)}};
  if (!ack->from.empty()) out["from"] = ack->from;
  return out;
}

std::optional<Acknowledgement> ack_from(const json::object& detail) {
  const json::value* member = detail.if_contains("ack");
  if (member == nullptr || !member->is_object()) return std::nullopt;
  const json::object& ack = member->get_object();
  const auto at = parse_time(string_member(ack, "at"));
  const auto until = parse_time(string_member(ack, "expires_at"));
  if (!at || !until) return std::nullopt;
  return Acknowledgement{string_member(ack, "author"), string_member(ack, "comment"), *at, *until,
                         string_member(ack, "from")};
}

json::value time_or_null(const std::optional<TimePoint>& at) {
  return at ? json::value(format_time(*at)) : json::value(nullptr);
}

void describe(json::object& detail, const rules::CrmStatus& status, const rules::IncidentStatus& incident,
              const IncidentStore::Context& context, TimePoint at) {
  const CrmFacts* facts = context.book.find(status.crm);
  const Fault fault = judge_fault(status, facts, at, &context.book, context.zone);
  detail["state"] = to_string(status.state);
  detail["worst"] = to_string(incident.worst);
  detail["fault"] = fault_json(fault, Language::en);
  detail["fault"].as_object()["why_zh"] = fault.why_zh;
  detail["failing"] = failing_json(failing_of(status, context.remedies));
  const auto evidence = evidence_texts(facts, incident.opened - kEvidenceBefore, kEvidenceLines);
  detail["evidence"] = json::array(evidence.begin(), evidence.end());
  detail["changes"] = changes_json(changes_around(context.changes, status.crm, facts, incident.opened, at));
}

}  // namespace

void IncidentStore::load(const std::vector<store::StoredIncident>& open,
                         const std::vector<std::pair<std::string, std::int64_t>>& events) {
  const std::map<std::string, std::int64_t> counts{events.begin(), events.end()};
  for (const store::StoredIncident& incident : open) {
    const json::object detail = parse_detail(incident.detail);
    Open& loaded = open_[incident.crm];
    loaded.stored = incident;
    loaded.state = string_member(detail, "state");
    loaded.ack = ack_from(detail);
    if (const auto at = parse_time(string_member(detail, "acknowledged_at"))) {
      loaded.first_ack = *at;
    } else if (loaded.ack) {
      loaded.first_ack = loaded.ack->at;  // an earlier version kept no more
    }
    if (const auto known = counts.find(incident.id); known != counts.end()) loaded.lines.count = known->second;
    if (const json::value* omitted = detail.if_contains("timeline_omitted"); omitted != nullptr && omitted->is_int64())
      loaded.lines.omitted = omitted->get_int64();
  }
}

void IncidentStore::shift(Duration by) {
  for (auto& [crm, open] : open_) {
    open.stored.opened += by;
    if (open.first_ack) *open.first_ack += by;
    if (!open.ack) continue;
    open.ack->at += by;
    open.ack->until += by;
  }
  for (auto& [crm, ended] : ended_) {
    ended.opened += by;
    ended.resolved += by;
  }
}

void IncidentStore::add(const std::string& incident, Lines& lines, TimePoint at, json::object body, Weight weight) {
  if (lines.count >= (weight == Weight::detail ? kMostDetails : kMostEvents)) {
    ++lines.omitted;
    return;
  }
  events_.push_back({incident, at, ++lines.count, to_text(body)});
}

bool IncidentStore::behind(const rules::CrmStatus& status) const {
  const auto known = open_.find(status.crm);
  if (known == open_.end() || !status.incident) return false;
  const Open& open = known->second;
  if (!open.levels_known || (open.ack && !status.acked_by)) return true;
  return std::any_of(status.rules.begin(), status.rules.end(), [&](const rules::RuleStatus& rule) {
    const auto level = open.levels.find(rule.rule);
    return shown_level(rule) != (level == open.levels.end() ? Level::healthy : level->second);
  });
}

std::vector<store::StoredIncident> IncidentStore::update(const std::string& crm,
                                                         const std::optional<rules::CrmStatus>& status,
                                                         const Context& context, TimePoint at) {
  std::vector<store::StoredIncident> changed;
  const std::optional<rules::IncidentStatus> now = status ? status->incident : std::nullopt;
  auto known = open_.find(crm);
  if (known != open_.end() && (!now || now->id != known->second.stored.id)) {
    Open ended = std::move(known->second);
    open_.erase(known);
    follow_evidence(ended, context.book.find(crm));
    changed.push_back(finish(std::move(ended), at));
    known = open_.end();
  }
  if (!status || !now) return changed;
  const bool fresh = known == open_.end();
  Open& open = open_[crm];
  open.stored.id = now->id;
  open.stored.crm = crm;
  open.stored.kind = status->kind;
  open.stored.level = static_cast<int>(now->level);
  open.stored.opened = now->opened;
  follow_state(open, *status, at);
  open.levels_known = open.levels_known || fresh;
  follow_dimensions(open, *status, at);
  follow_ack(open, *status, at);
  if (fresh) begin(open, *status, context);
  follow_evidence(open, context.book.find(crm));
  json::object detail;
  describe(detail, *status, *now, context, at);
  detail["ack"] = ack_json(open.ack);
  detail["acknowledged_at"] = time_or_null(open.first_ack);
  detail["timeline_omitted"] = open.lines.omitted;
  open.stored.detail = to_text(detail);
  changed.push_back(open.stored);
  return changed;
}

store::StoredIncident IncidentStore::finish(Open open, TimePoint at) {
  json::object detail = parse_detail(open.stored.detail);
  // The end is never left out.
  events_.push_back({open.stored.id, at, ++open.lines.count, to_text(resolved_line(at))});
  open.stored.resolved = at;
  open.stored.level = string_member(detail, "worst") == "poor" ? 2 : 1;
  detail["ack"] = nullptr;
  detail["acknowledged_at"] = time_or_null(open.first_ack);
  detail["timeline_omitted"] = open.lines.omitted;
  open.stored.detail = to_text(detail);
  ended_[open.stored.crm] = {open.stored.id, open.stored.opened, at, open.lines};
  return std::move(open.stored);
}

void IncidentStore::begin(Open& open, const rules::CrmStatus& status, const Context& context) {
  const TimePoint opened = open.stored.opened;
  for (const Change* change :
       context.changes.between(status.crm, context.book.find(status.crm), opened - kChangeSpeaks, opened)) {
    add(open.stored.id, open.lines, change->at, change_line(*change), Weight::must);
  }
  for (const Suppression* suppression : context.operations.in_effect(status.crm))
    add(open.stored.id, open.lines, opened, suppression_line(*suppression, true, opened), Weight::must);
}

void IncidentStore::follow_state(Open& open, const rules::CrmStatus& status, TimePoint at) {
  if (open.state == to_string(status.state)) return;
  add(open.stored.id, open.lines, at, state_line(status, open.state, at), Weight::must);
  open.state = to_string(status.state);
}

void IncidentStore::follow_dimensions(Open& open, const rules::CrmStatus& status, TimePoint at) {
  for (const rules::RuleStatus& rule : status.rules) {
    Level& before = open.levels[rule.rule];
    if (open.levels_known && shown_level(rule) != before)
      add(open.stored.id, open.lines, at, dimension_line(rule, before, at), Weight::detail);
    before = shown_level(rule);
  }
  open.levels_known = true;
}

void IncidentStore::follow_ack(Open& open, const rules::CrmStatus& status, TimePoint at) {
  if (!open.ack || status.acked_by) return;
  const std::string_view why = at >= open.ack->until            ? "expired"
                               : status.state == Level::healthy ? "recovered"
                                                                : "got_worse";
  add(open.stored.id, open.lines, at, ack_ended_line(why, at), Weight::must);
  open.ack.reset();
}

void IncidentStore::follow_evidence(Open& open, const CrmFacts* facts) {
  if (facts == nullptr) return;
  for (const Evidence& line : facts->evidence) {
    if (line.at < open.stored.opened - kEvidenceBefore) continue;
    json::object body = evidence_line(line);
    const std::uint64_t digest = stable_hash(to_text(body));
    if (open.evidence.contains(digest) || open.evidence.size() >= kMostDigests) continue;
    open.evidence.insert(digest);
    if (open.evidence.size() > kMostEvidence) {
      ++open.lines.omitted;
    } else {
      add(open.stored.id, open.lines, line.at, std::move(body), Weight::detail);
    }
  }
}

void IncidentStore::handed_over(const rules::Message& message, const std::string& delivery) {
  const auto note = [&](const std::string& crm, const std::string& incident) {
    const Weight weight = message.type == Event::reminder ? Weight::detail : Weight::must;
    const auto open = open_.find(crm);
    const auto ended = ended_.find(crm);
    if (open != open_.end() && open->second.stored.id == incident) {
      add(incident, open->second.lines, message.at, message_line(message, delivery), weight);
    } else if (ended != ended_.end() && ended->second.id == incident) {
      add(incident, ended->second.lines, message.at, message_line(message, delivery), weight);
    }
  };
  if (!message.crm.empty()) return note(message.crm, message.incident);
  std::set<std::string> about{message.counted.begin(), message.counted.end()};
  for (const rules::CrmStatus& listed : message.listed) about.insert(listed.crm);
  for (const std::string& crm : about) {
    if (const auto open = open_.find(crm); open != open_.end()) note(crm, open->second.stored.id);
  }
}

void IncidentStore::acknowledged(const std::string& crm, const Acknowledgement& ack) {
  const auto open = open_.find(crm);
  if (open == open_.end()) return;
  open->second.ack = ack;
  if (!open->second.first_ack) open->second.first_ack = ack.at;
  add(open->second.stored.id, open->second.lines, ack.at, ack_line(ack), Weight::must);
}

void IncidentStore::unacknowledged(const std::string& crm, const std::string& author, TimePoint at) {
  const auto open = open_.find(crm);
  if (open == open_.end() || !open->second.ack) return;
  open->second.ack.reset();
  json::object line = ack_ended_line("withdrawn", at);
  line["author"] = author;
  add(open->second.stored.id, open->second.lines, at, std::move(line), Weight::must);
}

void IncidentStore::switched(const std::string& crm, const Suppression& suppression, bool on, TimePoint at) {
  const auto open = open_.find(crm);
  if (open == open_.end()) return;
  // What was in effect before the incident stands at its beginning, as in begin().
  at = std::max(open->second.stored.opened, at);
  add(open->second.stored.id, open->second.lines, at, suppression_line(suppression, on, at), Weight::must);
}

void IncidentStore::changed(const CrmRegistry& book, const ChangeMarkers& changes, TimePoint since, TimePoint at) {
  for (auto& [crm, open] : open_) {
    for (const Change* change : changes.between(crm, book.find(crm), std::max(since, open.stored.opened), at))
      add(open.stored.id, open.lines, change->at, change_line(*change), Weight::detail);
  }
}

void IncidentStore::late(const std::string& crm, const LateFacts& facts) {
  const auto open = open_.find(crm);
  const auto ended = ended_.find(crm);
  const bool of_open = open != open_.end() && facts.to >= open->second.stored.opened - kEvidenceBefore;
  const bool of_ended = open == open_.end() && ended != ended_.end() && facts.from <= ended->second.resolved &&
                        facts.to >= ended->second.opened - kEvidenceBefore;
  if (!of_open && !of_ended) return;
  Late& late = late_.try_emplace(crm, Late{facts.from, facts.to, 0, 0}).first->second;
  late.from = std::min(late.from, facts.from);
  late.to = std::max(late.to, facts.to);
  late.samples += facts.samples;
  late.failed += facts.failed;
}

void IncidentStore::settle_late(TimePoint at, const ZonePtr& zone) {
  for (const auto& [crm, late] : std::exchange(late_, {})) {
    const json::object line = late_line({late.from, late.to, late.samples, late.failed}, at, zone);
    if (const auto open = open_.find(crm); open != open_.end()) {
      add(open->second.stored.id, open->second.lines, late.from, line, Weight::detail);
    } else if (const auto ended = ended_.find(crm); ended != ended_.end()) {
      add(ended->second.id, ended->second.lines, late.from, line, Weight::detail);
    }
  }
  std::erase_if(ended_, [at](const auto& entry) { return entry.second.resolved + kRememberEnded < at; });
}

std::optional<TimePoint> IncidentStore::opened(const std::string& crm) const {
  const auto known = open_.find(crm);
  return known == open_.end() ? std::nullopt : std::optional{known->second.stored.opened};
}

std::optional<std::string> IncidentStore::crm_of(const std::string& id) const {
  for (const auto& [crm, open] : open_) {
    if (open.stored.id == id) return crm;
  }
  return std::nullopt;
}

const Acknowledgement* IncidentStore::ack_of(const std::string& crm) const {
  const auto known = open_.find(crm);
  return known == open_.end() || !known->second.ack ? nullptr : &*known->second.ack;
}

}  // namespace crmpulse::collector
