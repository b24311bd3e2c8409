// The state of a CRM from the levels of its rules, and how it is shown.
#include <algorithm>
#include <utility>

#include "rules/crm/crm.h"
#include "rules/crm/inhibition.h"

namespace crmpulse::rules {
namespace {

constexpr double kLeastCoverage = 0.5;
constexpr double kPulls = 0.8;

bool has_current(const Instance& instance) {
  return instance.active && !instance.expired && instance.has_data();
}

/// Weights and parts of a score that come together rule by rule.
struct Sum {
  Score score;
  double sum = 0;
  double weights = 0;

  /// The part of a rule is its worst unit's; nothing when it has none to give.
  void add(double weight, const std::optional<double>& part) {
    if (!part) return;
    sum += weight * *part;
    weights += weight;
    ++score.rules;
    if (*part < kPulls) ++score.pulling;
  }
  [[nodiscard]] Score result() const {
    Score out = score;
    if (weights > 0) out.value = 100 * sum / weights;
    if (weights <= 0) out.rules = 0;
    return out;
  }
};

DataStatus status_of_instance(const Rule& rule, const Instance& instance, TimePoint now) {
  if (instance.expired) return DataStatus::no_data;
  if (!instance.has_data()) return DataStatus::warming_up;
  // Loaded, and asked before any time is known.
  if (!is_set(now) || !instance.active) return DataStatus::fresh;
  // While the CRM is left alone the next sample is known not to come; half an interval is for the way of one that does,
  // since another agent may go on measuring.
  const bool left_alone = is_set(instance.pace.paused_until) && now < instance.pace.paused_until;
  const Duration patience = left_alone ? instance.interval_until_now(rule) * 3 / 2 : 2 * instance.interval(rule);
  return now - instance.dimension.last_data <= patience ? DataStatus::fresh : DataStatus::stale;
}

RuleStatus status_of_rule(const RuleState& state, TimePoint now) {
  const Rule& rule = state.rule();
  const Instance& worst = state.worst();
  RuleStatus status;
  status.rule = rule.id;
  status.dimension = rule.dimension;
  status.remedy = rule.remedy;
  status.unit = rule.unit;
  status.metric = rule.measure.metric;
  status.aggregator = to_string(rule.aggregator, rule.quantile);
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
  status.active_age = state.clock.limited && rule.aggregator == Aggregator::age;
  return status;
}

}  // namespace

Scores scores_of(const Crm& crm) {
  Sum judged;
  Sum remembered;
  for (const auto& state : crm.rules) {
    std::optional<double> current;
    std::optional<double> ever;
    for (const auto& instance : state->instances) {
      if (!instance->value) continue;
      const double score = banded_score(state->rule(), *instance->value, instance->dimension.confirmed);
      ever = std::min(ever.value_or(1), score);
      if (has_current(*instance)) current = std::min(current.value_or(1), score);
    }
    judged.add(state->rule().weight, current);
    remembered.add(state->rule().weight, ever);
  }
  return {judged.result(), remembered.result()};
}

RuleTotals survey(const Crm& crm) {
  RuleTotals seen;
  double with = 0;
  double expected = 0;
  for (const auto& state : crm.rules) {
    const Rule& rule = state->rule();
    Level confirmed = Level::healthy;
    bool current = false;
    bool latched = false;
    bool missing = false;
    for (const auto& instance : state->instances) {
      confirmed = std::max(confirmed, instance->dimension.confirmed);
      current = current || has_current(*instance);
      latched = latched || instance->dimension.latched;
      missing = missing || (instance->active && instance->expired);
      if (instance->has_data()) seen.shortest = std::min(seen.shortest, instance->interval(rule));
    }
    seen.worst = std::max(seen.worst, rule.role == Role::soft ? std::min(confirmed, Level::sub_healthy) : confirmed);
    if (latched) seen.worst = std::max(seen.worst, Level::sub_healthy);
    if (current) with += rule.weight;
    if (current || (missing && rule.no_data != NoDataState::ignore)) expected += rule.weight;
  }
  if (expected > 0) seen.coverage = with / expected;
  return seen;
}

void evaluate_score(Crm& crm, const RuleTotals& seen, const NotificationPolicy& settings) {
  const TimePoint at = std::exchange(crm.evaluated_at, kUnset);
  if (!is_set(at)) return;
  // A tenth of slack: samples a little early must not halve the pace.
  if (is_set(crm.score.last) && 10 * (at - crm.score.last) < 9 * seen.shortest) return;
  if (seen.coverage < kLeastCoverage) return;
  const Scores scores = scores_of(crm);
  if (scores.judged.rules < 2) return;
  crm.score.last = at;
  crm.score.evaluate(settings, scores.judged, scores.remembered);
}

Level verdict(const Crm& crm, const RuleTotals& seen) {
  const Level worst = std::max(crm.score.level(), seen.worst);
  return seen.coverage < kLeastCoverage ? std::max(worst, Level::sub_healthy) : worst;
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

Level awake_level(const Crm& crm, const NotificationPolicy& settings) {
  if (!crm.keeps_hours || crm.state == Level::healthy) return crm.state;
  // What the score remembers of rules that rest is not news.
  Level level = scores_of(crm).judged.value < settings.score_sub ? crm.score.level() : Level::healthy;
  if (survey(crm).coverage < kLeastCoverage) level = std::max(level, Level::sub_healthy);
  for (const auto& state : crm.rules) {
    for (const auto& instance : state->instances) {
      if (!instance->active) continue;
      const Level shown = instance->dimension.shown();
      level = std::max(level, state->rule().role == Role::soft ? std::min(shown, Level::sub_healthy) : shown);
    }
  }
  return std::min(level, crm.state);
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
  const Score score = scores_of(crm).judged;
  if (score.rules > 0) status.score = shown_score(score.value, crm.state);
  status.since = is_set(crm.since) ? crm.since : TimePoint{};
  status.rules.reserve(crm.rules.size());
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
