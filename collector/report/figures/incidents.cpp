#include "collector/report/figures/incidents.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

namespace crmpulse::collector::report {
namespace {

/// The failing rules of one dimension at a moment.
struct Now {
  Level level = Level::healthy;
};

bool counts(const StateSpan& span) {
  return span.condition != Condition::maintenance;
}

/// Every instant at which something begins or ends, in order.
std::set<TimePoint> edges_of(std::span<const Incident> incidents, std::span<const StateSpan> states, TimePoint from,
                             TimePoint until) {
  std::set<TimePoint> edges{from, until};
  const auto add = [&](TimePoint at) {
    if (at > from && at < until) edges.insert(at);
  };
  for (const StateSpan& span : states) {
    add(span.from);
    add(span.to);
  }
  for (const Incident& incident : incidents) {
    for (const FailingSpan& span : incident.failing) {
      add(span.from);
      add(span.to);
    }
  }
  return edges;
}

/// Sums up one dimension, and how long each of its rules failed.
struct Account {
  Cost cost;
  std::map<std::string, Duration> rules;
  std::set<std::string> incidents;
};

class Accounts {
 public:
  Accounts(std::span<const Incident> incidents, std::span<const StateSpan> states)
      : incidents_(incidents), states_(states) {}

  void add(TimePoint from, TimePoint to) {
    const StateSpan* state = state_at(from);
    if (state != nullptr && !counts(*state)) return;
    const std::map<std::string, Now> failing = failing_at(from, to - from);
    for (const auto& [dimension, now] : failing) {
      Account& account = accounts_[dimension];
      (now.level == Level::poor ? account.cost.poor : account.cost.degraded) += to - from;
      if (state != nullptr && state->score)
        account.cost.score += (100 - *state->score) * to_seconds(to - from) / static_cast<double>(failing.size());
    }
  }
  [[nodiscard]] std::map<std::string, Account> take() { return std::move(accounts_); }

 private:
  const StateSpan* state_at(TimePoint at) {
    while (state_ < states_.size() && states_[state_].to <= at) ++state_;
    return state_ < states_.size() && states_[state_].from <= at ? &states_[state_] : nullptr;
  }
  std::map<std::string, Now> failing_at(TimePoint at, Duration length) {
    std::map<std::string, Now> out;
    for (const Incident& incident : incidents_) {
      for (const FailingSpan& span : incident.failing) {
        if (span.from > at || span.to <= at) continue;
        Now& now = out[span.dimension];
        now.level = std::max(now.level, span.level);
        accounts_[span.dimension].rules[span.rule] += length;
        accounts_[span.dimension].incidents.insert(incident.id);
      }
    }
    return out;
  }

  std::span<const Incident> incidents_;
  std::span<const StateSpan> states_;
  std::size_t state_ = 0;
  std::map<std::string, Account> accounts_;
};

}  // namespace

void measure_incident(Incident& incident, std::span<const StateSpan> states, TimePoint from, TimePoint until) {
  const TimePoint begin = std::max(incident.opened, from);
  const TimePoint end = std::min(incident.resolved.value_or(until), until);
  incident.lasted = std::max(Duration{0}, end - begin);
  incident.cost = incident.lasted - sum_states(states, begin, end).of(Condition::maintenance);
}

IncidentSums sum_incidents(std::span<const Incident> incidents, TimePoint from) {
  IncidentSums sums;
  Duration to_acknowledge{};
  Duration to_recover{};
  std::size_t acknowledged = 0;
  std::size_t recovered = 0;
  for (const Incident& one : incidents) {
    ++sums.count;
    sums.cost += one.cost;
    if (!one.resolved) ++sums.open;
    if (one.opened < from) {
      ++sums.began_before;
      continue;
    }
    if (one.acknowledged) {
      to_acknowledge += *one.acknowledged - one.opened;
      ++acknowledged;
    } else {
      ++sums.not_acknowledged;
    }
    if (!one.resolved) continue;
    to_recover += *one.resolved - one.opened;
    ++recovered;
  }
  if (acknowledged > 0) sums.to_acknowledge = to_acknowledge / acknowledged;
  if (recovered > 0) sums.to_recover = to_recover / recovered;
  return sums;
}

std::vector<Cost> costs_of(std::span<const Incident> incidents, std::span<const StateSpan> states, TimePoint from,
                           TimePoint until) {
  if (until <= from) return {};
  Accounts accounts{incidents, states};
  const std::set<TimePoint> edges = edges_of(incidents, states, from, until);
  for (auto edge = edges.begin(); std::next(edge) != edges.end(); ++edge) accounts.add(*edge, *std::next(edge));
  const Duration judged = sum_states(states, from, until).judged();
  std::vector<Cost> out;
  for (auto& [dimension, account] : accounts.take()) {
    Cost cost = account.cost;
    if (cost.total() == Duration{0}) continue;
    cost.dimension = dimension;
    cost.incidents = account.incidents.size();
    cost.rule = std::max_element(account.rules.begin(), account.rules.end(), [](const auto& a, const auto& b) {
                  return a.second < b.second;
                })->first;
    if (judged > Duration{0}) cost.score /= to_seconds(judged);
    out.push_back(std::move(cost));
  }
  std::stable_sort(out.begin(), out.end(), [](const Cost& a, const Cost& b) {
    return a.score != b.score ? a.score > b.score : a.total() > b.total();
  });
  return out;
}

}  // namespace crmpulse::collector::report
