#include "collector/state/crm_registry.h"

#include <algorithm>
#include <cmath>

namespace crmpulse::collector {
namespace {

/// The entry of a bounded map, or nullptr when it is full of others.
template <class Map, class Key>
typename Map::mapped_type* bounded(Map& map, const Key& key) {
  const auto known = map.find(key);
  if (known != map.end()) return &known->second;
  if (map.size() >= CrmFacts::kMaxOperations) return nullptr;
  return &map[typename Map::key_type{key}];
}

OperationOf operation_of(const Series& series) {
  return {std::string{series.label("operation")}, std::string{series.label("agent")}};
}

}  // namespace

void LatencyHistogram::observe(double seconds) {
  const auto bucket = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  ++counts[static_cast<std::size_t>(bucket - kBounds.begin())];
  sum += seconds;
}

FactSlot CrmFacts::find_kept(const Series& series) {
  // A map that is full has no entry for it: null pointers of each kind.
  switch (series.duty) {
    case FactKind::up: return bounded(sights, series.label("agent"));
    case FactKind::success: return bounded(successes, operation_of(series));
    case FactKind::duration: return bounded(latency, series.label("operation"));
    case FactKind::phase: {
      Phases* of_operation = bounded(phases, series.label("operation"));
      return of_operation == nullptr ? nullptr : bounded(*of_operation, series.label("phase"));
    }
    default: return {};
  }
}

void CrmFacts::see_success(const Series& series, TimePoint at, double value, NewestSuccess& success) {
  if (value < 1) return;
  if (!failures.empty()) {
    const auto failed = failures.find(operation_of(series));
    if (failed != failures.end() && failed->second.at <= at) end_failure(failed);
  }
  if (at >= success.at) success = {at, series.interval};
}

void CrmFacts::end_failure(std::map<OperationOf, NewestFailure>::iterator failed) {
  if (NewestFailure* last = bounded(ended, failed->first)) *last = std::move(failed->second);
  failures.erase(failed);
}

void CrmFacts::see_failure(const Series& series, TimePoint at, double value) {
  if (value < 1) return;
  NewestFailure* failure = bounded(failures, operation_of(series));
  if (failure == nullptr || failure->at > at) return;
  const bool same = failure->stage == series.label("stage") && failure->reason == series.label("reason");
  failure->stage = series.label("stage");
  failure->reason = series.label("reason");
  failure->agent = series.label("agent");
  failure->at = at;
  if (!same) failure->text.clear();
}

void CrmFacts::see_rare(const Series& series, TimePoint at, double value) {
  switch (series.duty) {
    case FactKind::failure: return see_failure(series, at, value);
    case FactKind::target_info: transport = series.label("transport"); return;
    case FactKind::stretch: stretch = value; return;
    case FactKind::paused: paused_until = from_unix_millis(static_cast<std::int64_t>(value * 1000)); return;
    case FactKind::vendor_status:
      if (VendorStatus* status = bounded(vendor, series.label("instance")); status != nullptr && at >= status->at) {
        if (status->value < 1 || value < 1) status->since = at;
        *status = {value, at, status->since, series.interval};
      }
      return;
    default: return;
  }
}

void CrmFacts::observe(Series& series, TimePoint at, double value, bool newer) {
  if (series.duty == FactKind::none) return;
  if (series.duty == FactKind::up && newer) slo.add(at, value >= 1);
  if (std::holds_alternative<std::monostate>(series.kept)) series.kept = find_kept(series);
  if (LatencyHistogram* const* histogram = std::get_if<LatencyHistogram*>(&series.kept)) {
    if (*histogram != nullptr && value >= 0) (*histogram)->observe(value);
  } else if (double* const* phase = std::get_if<double*>(&series.kept)) {
    if (*phase != nullptr) **phase = value;
  } else if (NewestSuccess* const* success = std::get_if<NewestSuccess*>(&series.kept)) {
    NewestSuccess unkept;
    see_success(series, at, value, *success != nullptr ? **success : unkept);
  } else if (LivenessStatus* const* seen = std::get_if<LivenessStatus*>(&series.kept)) {
    LivenessStatus* const sight = *seen;
    if (sight == nullptr || at < sight->at) return;
    if (sight->up != (value >= 1) || sight->at == TimePoint{}) sight->since = at;
    *sight = {value >= 1, at, sight->since, series.interval};
  } else {
    see_rare(series, at, value);
  }
}

void CrmRegistry::observe(const Series& series, TimePoint at, double value) {
  switch (series.duty) {
    case FactKind::connectivity:
    case FactKind::heartbeat:
    case FactKind::dropped:
    case FactKind::damaged: break;
    default: return;
  }
  const std::string_view agent = series.label("agent");
  auto known = places_.find(agent);
  if (known == places_.end()) {
    if (places_.size() >= kMaxAgents) return;
    known = places_.emplace(std::string{agent}, AgentPlace{}).first;
  }
  AgentPlace& place = known->second;
  if (series.duty == FactKind::heartbeat) {
    place.heartbeat = std::max(place.heartbeat, at);
  } else if (series.duty == FactKind::damaged) {
    place.damaged = value;
  } else if (series.duty == FactKind::dropped) {
    // It begins at 0 with the agent.
    if (place.dropped && value > *place.dropped) place.dropped_at = std::max(place.dropped_at, at);
    place.dropped = value;
  } else if (at >= place.connected_at) {
    const bool works = value >= 1;
    if (place.connected != works) place.connected_since = at;
    place.connected = works;
    place.connected_at = at;
  }
}

bool CrmRegistry::is_of_vendor(std::string_view kind) const {
  return std::find(vendor_kinds_.begin(), vendor_kinds_.end(), kind) != vendor_kinds_.end();
}

const AgentPlace* CrmRegistry::place(std::string_view agent) const {
  const auto known = places_.find(agent);
  return known == places_.end() ? nullptr : &known->second;
}

void CrmFacts::add(Evidence line) {
  if (!line.stage.empty()) {
    NewestFailure* failure = bounded(failures, OperationOf{line.operation, line.agent});
    if (failure != nullptr && failure->at <= line.at) {
      *failure = {line.stage, line.reason, line.text, line.agent, line.at};
    } else if (failure != nullptr && failure->stage == line.stage && failure->reason == line.reason) {
      failure->text = line.text;
    }
  }
  evidence.push_back(std::move(line));
  if (evidence.size() > kMaxEvidence) evidence.pop_front();
}

std::uint32_t CrmRegistry::index_of(std::string_view crm, std::string_view kind) {
  const auto known = by_name_.find(crm);
  if (known != by_name_.end()) {
    if (!kind.empty()) facts_[known->second].kind = kind;
    return known->second;
  }
  const auto index = static_cast<std::uint32_t>(facts_.size());
  facts_.emplace_back();
  facts_.back().crm = crm;
  facts_.back().kind = kind;
  by_name_.emplace(std::string{crm}, index);
  return index;
}

void CrmFacts::shift(Duration by) {
  const auto move = [by](TimePoint& at) {
    if (at != TimePoint{}) at += by;
  };
  for (auto& [operation, failure] : failures) move(failure.at);
  for (auto& [operation, failure] : ended) move(failure.at);
  for (auto& [operation, success] : successes) move(success.at);
  for (auto& [agent, sight] : sights) {
    move(sight.at);
    move(sight.since);
  }
  for (auto& [instance, status] : vendor) {
    move(status.at);
    move(status.since);
  }
  for (Evidence& line : evidence) move(line.at);
}

void CrmRegistry::shift(Duration by) {
  for (CrmFacts& facts : facts_) facts.shift(by);
  for (auto& [agent, place] : places_) {
    for (TimePoint* at : {&place.connected_at, &place.connected_since, &place.heartbeat}) {
      if (*at != TimePoint{}) *at += by;
    }
  }
}

CrmFacts* CrmRegistry::find(std::string_view crm) {
  const auto known = by_name_.find(crm);
  return known == by_name_.end() ? nullptr : &facts_[known->second];
}

const CrmFacts* CrmRegistry::find(std::string_view crm) const {
  const auto known = by_name_.find(crm);
  return known == by_name_.end() ? nullptr : &facts_[known->second];
}

}  // namespace crmpulse::collector
