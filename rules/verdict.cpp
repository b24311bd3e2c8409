// The state of a CRM from the levels of its rules, and how it is shown.
#include <algorithm>
#include <utility>

#include "rules/crm.h"
#include "rules/inhibition.h"

namespace crmpulse::rules {
namespace {

constexpr double kLeastCoverage = 0.5;

/// The part of a rule's value in the score: its worst unit. Nothing when it has none to give.
std::optional<double> rule_score(const RuleState& state, ScoreOver over) {
  std::optional<double> worst;
  for (const auto& instance : state.instances) {
    const bool counts =
        over == ScoreOver::remembered || (instance->active && !instance->expired && instance->has_data());
    if (!counts || !instance->value) continue;
    const double score = banded_score(state.rule(), *instance->value, instance->dimension.confirmed);
    worst = std::min(worst.value_or(1), score);
  }
  return worst;
}

Duration shortest_interval(const Crm& crm) {
  Duration shortest = Duration::max();
  for (const auto& state : crm.rules) {
    for (const auto& instance : state->instances) {
      if (instance->has_data()) shortest = std::min(shortest, instance->interval(state->rule()));
    }
  }
  return shortest;
}

DataStatus status_of_instance(const Rule& rule, const Instance& instance, TimePoint now) {
  if (instance.expired) return DataStatus::no_data;
  if (!instance.has_data()) return DataStatus::warming_up;
  // Loaded, and asked before any time is known.
  if (!is_set(now) || !instance.active) return DataStatus::fresh;
  if (now - instance.dimension.last_data <= 2 * instance.interval(rule)) return DataStatus::fresh;
  return DataStatus::stale;
}

RuleStatus status_of_rule(const RuleState& state, TimePoint now) {
  const Rule& rule = state.rule();
  const Instance& worst = state.worst();
  RuleStatus status;
  status.rule = rule.id;
  status.dimension = rule.dimension;
  status.remedy = rule.remedy;
  status.unit = rule.unit;
  status.worst_of = worst.each;
  status.level = worst.dimension.confirmed;
  status.data_status = status_of_instance(rule, worst, now);
  status.role = rule.role;
  status.no_data_latch = worst.dimension.latched;
  status.value = worst.value;
  status.enter_sub = rule.sub.enter;
  status.enter_poor = rule.poor.enter;
  status.since = is_set(worst.dimension.since) ? worst.dimension.since
                 : is_set(worst.counted_from)  ? worst.counted_from
                                               : TimePoint{};
  if (worst.has_data()) status.last_data = worst.dimension.last_data;
  return status;
}

}  // namespace

Score score_of(const Crm& crm, ScoreOver over) {
  Score score;
  double sum = 0;
  double weights = 0;
  for (const auto& state : crm.rules) {
    if (over == ScoreOver::judged && !state->judged()) continue;
    const std::optional<double> part = rule_score(*state, over);
    if (!part) continue;
    sum += state->rule().weight * *part;
    weights += state->rule().weight;
    ++score.rules;
    if (*part < 0.8) ++score.pulling;
  }
  if (weights > 0) score.value = 100 * sum / weights;
  if (weights <= 0) score.rules = 0;
  return score;
}

double coverage(const Crm& crm) {
  double with = 0;
  double expected = 0;
  for (const auto& state : crm.rules) {
    const bool judged = state->judged();
    if (judged) with += state->rule().weight;
    if (judged || state->missing()) expected += state->rule().weight;
  }
  return expected > 0 ? with / expected : 1;
}

void evaluate_score(Crm& crm, const Settings& settings) {
  const TimePoint at = std::exchange(crm.evaluated_at, kUnset);
  if (!is_set(at)) return;
  // A tenth of slack: samples a little early must not halve the pace.
  if (is_set(crm.score.last) && 10 * (at - crm.score.last) < 9 * shortest_interval(crm)) return;
  const Score now = score_of(crm, ScoreOver::judged);
  if (now.rules < 2 || coverage(crm) < kLeastCoverage) return;
  crm.score.last = at;
  crm.score.evaluate(settings, now, score_of(crm, ScoreOver::remembered));
}

Level verdict(const Crm& crm) {
  Level worst = crm.score.level();
  for (const auto& state : crm.rules) {
    const Level confirmed = state->confirmed();
    worst = std::max(worst, state->rule().role == Role::soft ? std::min(confirmed, Level::sub_healthy) : confirmed);
    if (state->latched()) worst = std::max(worst, Level::sub_healthy);
  }
  return coverage(crm) < kLeastCoverage ? std::max(worst, Level::sub_healthy) : worst;
}

DataStatus data_status(const Crm& crm, TimePoint now) {
  if (!crm.started) return DataStatus::warming_up;
  bool some = false;
  bool doubtful = false;
  for (const auto& state : crm.rules) {
    some = some || state->judged();
    doubtful = doubtful || state->missing() || state->latched();
    for (const auto& instance : state->instances) {
      doubtful = doubtful || status_of_instance(state->rule(), *instance, now) == DataStatus::stale;
    }
  }
  if (!some) return DataStatus::no_data;
  return doubtful ? DataStatus::stale : DataStatus::fresh;
}

std::string_view silent_reason(const Crm& crm) {
  if (crm.state == Level::healthy) return {};
  for (const auto& state : crm.rules) {
    if (state->confirmed() > Level::healthy) return {};
  }
  return crm.score.level() > Level::healthy ? "score" : "no_data";
}

CrmStatus status_of(const Crm& crm, TimePoint now) {
  CrmStatus status;
  status.crm = crm.name;
  status.kind = crm.kind;
  status.labels = crm.labels;
  status.state = crm.state;
  status.data_status = data_status(crm, now);
  const Score score = score_of(crm, ScoreOver::judged);
  if (score.rules > 0) status.score = score.value;
  status.since = is_set(crm.since) ? crm.since : TimePoint{};
  for (const auto& state : crm.rules) {
    status.rules.push_back(status_of_rule(*state, now));
    status.rules.back().inhibited_by = inhibitor(crm, *state, now);
  }
  if (crm.incident)
    status.incident = IncidentStatus{crm.incident->id, crm.state, crm.incident->worst, crm.incident->opened};
  status.flapping = crm.flap.on;
  if (crm.ack) status.acked_by = crm.ack->author;
  return status;
}

}  // namespace crmpulse::rules
