#include "collector/state/change_markers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "rules/level/instance.h"

namespace crmpulse::collector {
namespace {

/// Two instances behind one address answer in turn: one marker a while says as much as one a minute.
constexpr Duration kQuiet{std::chrono::minutes{10}};
constexpr std::size_t kMaxValue = 200;
constexpr std::size_t kMostIds = 20;

bool same_number(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

/// The fingerprints cover what is judged; beside them what a rule's verdict means.
bool same_rule(const Rule& a, const Rule& b) {
  const rules::CompiledRule left{a};
  const rules::CompiledRule right{b};
  return left.data_print == right.data_print && left.judge_print == right.judge_print && a.dimension == b.dimension &&
         a.applies_to == b.applies_to && a.role == b.role && a.weight == b.weight && a.no_data == b.no_data &&
         a.no_data_after == b.no_data_after && a.quorum == b.quorum && a.inhibited_by == b.inhibited_by &&
         a.active == b.active && a.active_crm == b.active_crm && a.remedy == b.remedy && a.unit == b.unit &&
         same_number(a.score_target, b.score_target) && same_number(a.score_worst, b.score_worst);
}

using ById = std::map<std::string, std::vector<const Rule*>>;
ById by_id(const std::vector<Rule>& rules) {
  ById found;
  for (const Rule& rule : rules) found[rule.id].push_back(&rule);
  return found;
}

bool same_rules(const std::vector<const Rule*>& a, const std::vector<const Rule*>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Rule* left, const Rule* right) { return same_rule(*left, *right); });
}

std::vector<std::string> changed_ids(const Ruleset& before, const Ruleset& after) {
  std::vector<std::string> ids;
  if (!(before.settings == after.settings)) ids.emplace_back("settings");
  const ById old = by_id(before.rules);
  const ById fresh = by_id(after.rules);
  for (const auto& [id, rules] : fresh) {
    const auto known = old.find(id);
    if (known == old.end() || !same_rules(known->second, rules)) ids.push_back(id);
  }
  for (const auto& [id, rules] : old) {
    if (!fresh.contains(id)) ids.push_back(id);
  }
  return ids;
}

/// Whose list a change stands in. The byte is in no CRM's name.
std::string agent_subject(std::string_view agent) {
  return fmt::format("\xff{}", agent);
}
std::string subject_of(const Change& change) {
  return change.what == "agent_version" ? agent_subject(change.source) : change.crm;
}

/// The lists that concern a CRM: its own, the configuration's, its agents'.
std::set<std::string> subjects_of(const std::string& crm, const CrmFacts* facts) {
  std::set<std::string> subjects{crm, std::string{}};
  if (facts == nullptr) return subjects;
  for (const auto& [agent, sight] : facts->sights) subjects.insert(agent_subject(agent));
  for (const auto& [operation, success] : facts->successes) subjects.insert(agent_subject(operation.agent));
  for (const auto& [operation, failure] : facts->failures) subjects.insert(agent_subject(operation.agent));
  return subjects;
}

}  // namespace

void ChangeMarkers::load(const std::vector<store::StoredChange>& stored) {
  for (const store::StoredChange& row : stored) {
    Known& known = known_[{row.crm, row.what, row.object, row.source}];
    known.value = row.is;
    known.at = std::max(known.at, row.at);
    if (!row.was) continue;
    known.changed_at = row.at;
    remember({row.crm, row.at, row.what, row.object, row.source, *row.was, row.is});
  }
}

void ChangeMarkers::observe(const Series& series, TimePoint at, double value) {
  switch (series.duty) {
    case FactKind::version:
      if (value < 1) return;
      for (const char* what : {"version", "release", "instance"}) {
        if (const std::string_view name = series.label(what); !name.empty()) see(series, what, "", name, at);
      }
      return;
    case FactKind::schema: return see(series, "schema", series.label("object"), fmt::format("{:.17g}", value), at);
    case FactKind::agent_version:
      if (value >= 1) see(series, "agent_version", "", series.label("version"), at);
      return;
    default: return;
  }
}

void ChangeMarkers::see(const Series& series, std::string_view what, std::string_view object, std::string_view value,
                        TimePoint at) {
  value = value.substr(0, kMaxValue);
  Key key{series.label("crm"), what, object, series.label("agent")};
  auto place = known_.find(key);
  const bool first = place == known_.end();
  if (first) {
    if (known_.size() >= kMostKnown) return;
    place = known_.emplace(key, Known{std::string{value}, at, TimePoint{}}).first;
  }
  Known& known = place->second;
  if (at < known.at) return;
  known.at = at;
  if (!first && known.value == value) return;
  store::StoredChange row{std::get<0>(key), at, std::get<1>(key),  std::get<2>(key),
                          std::get<3>(key), {}, std::string{value}};
  const std::string before = std::exchange(known.value, std::string{value});
  if (!first && at - known.changed_at >= kQuiet) {
    row.was = before;
    known.changed_at = at;
    remember({row.crm, at, row.what, row.object, row.source, before, row.is});
  }
  fresh_.push_back(std::move(row));
}

void ChangeMarkers::reloaded(const Ruleset& before, const Ruleset& after, TimePoint at) {
  const std::vector<std::string> ids = changed_ids(before, after);
  if (ids.empty()) return;
  std::string names;
  for (std::size_t i = 0; i < std::min(ids.size(), kMostIds); ++i) names += (i > 0 ? ", " : "") + ids[i];
  if (ids.size() > kMostIds) names += fmt::format(", … ({})", ids.size());
  fresh_.push_back({"", at, "configuration", "", "", "", names});
  remember({"", at, "configuration", "", "", "", names});
}

void ChangeMarkers::remember(Change change) {
  std::deque<Change>& changes = changes_[subject_of(change)];
  // Two agents see the same change of one CRM: one marker.
  const bool told = std::any_of(changes.begin(), changes.end(), [&](const Change& other) {
    return other.what == change.what && other.object == change.object && other.from == change.from &&
           other.to == change.to && !change.crm.empty() && change.at - other.at < kChangeSpeaks;
  });
  if (told) return;
  changes.push_back(std::move(change));
  if (changes.size() > kMostPerCrm) changes.pop_front();
}

void ChangeMarkers::not_after(TimePoint now) {
  for (auto& [key, known] : known_) {
    known.at = std::min(known.at, now);
    known.changed_at = std::min(known.changed_at, now);
  }
  for (auto& [about, changes] : changes_) {
    for (Change& change : changes) change.at = std::min(change.at, now);
  }
}

std::vector<const Change*> ChangeMarkers::between(const std::string& crm, const CrmFacts* facts, TimePoint from,
                                                  TimePoint to) const {
  std::vector<const Change*> found;
  for (const std::string& subject : subjects_of(crm, facts)) {
    const auto changes = changes_.find(subject);
    if (changes == changes_.end()) continue;
    for (const Change& change : changes->second) {
      if (change.at >= from && change.at <= to) found.push_back(&change);
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const Change* a, const Change* b) { return a->at < b->at; });
  return found;
}

}  // namespace crmpulse::collector
