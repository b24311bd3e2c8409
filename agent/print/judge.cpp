#include "agent/print/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/dimension.h"
#include "core/time/calendar.h"
#include "core/words/measure.h"

namespace crmpulse::agent {
namespace {

/// The hours a rule goes by; absent: around the clock.
using Hours = std::optional<Calendar>;

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Nearest rank, ceil(q·n).
double nearest_rank(std::vector<double> values, double quantile) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(quantile * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

/// Since the newest of the changes, inside the hours. As rules/window/aggregators.cpp has it: below zero only where the
/// rule counts down to a time.
double age(const Rule& rule, const std::vector<double>& changes, const Hours& hours, TimePoint now) {
  const double newest = *std::max_element(changes.begin(), changes.end());
  const double whole = to_seconds(now.time_since_epoch()) - newest;
  if (whole <= 0) return rule.sub.enter < 0 || rule.poor.enter < 0 ? whole : 0.0;
  if (!hours) return whole;
  const auto changed = from_unix_millis(static_cast<std::int64_t>(std::max(newest, 0.0) * 1000));
  return to_seconds(hours->open_between(changed, now));
}

/// Nothing for what one reading cannot say.
std::optional<double> aggregate(const Rule& rule, const std::vector<double>& values, const Hours& hours,
                                TimePoint now) {
  switch (rule.aggregator) {
    case Aggregator::last: return values.back();
    case Aggregator::avg:
    case Aggregator::ratio: return mean(values);
    case Aggregator::min: return *std::min_element(values.begin(), values.end());
    case Aggregator::max: return *std::max_element(values.begin(), values.end());
    case Aggregator::quantile: return nearest_rank(values, rule.quantile);
    case Aggregator::age: return age(rule, values, hours, now);
    default: return std::nullopt;
  }
}

/// The sample's value, divided where the rule says so; nothing without a usable divisor.
std::optional<double> value_of(const Rule& rule, const Sample& sample, std::span<const Sample> all) {
  if (!rule.measure.per) return sample.value;
  const Measure::Divisor& per = *rule.measure.per;
  const auto divides = [&](const Sample& other) {
    const auto same = [&](const std::string& label) { return other.labels.get(label) == sample.labels.get(label); };
    return other.metric == per.metric && matches(per.where, other.labels) &&
           std::all_of(per.on.begin(), per.on.end(), same);
  };
  const auto found = std::find_if(all.rbegin(), all.rend(), divides);
  if (found == all.rend() || !(found->value > 0)) return std::nullopt;
  return sample.value / found->value;
}

bool is_worse(const Rule& rule, double a, double b) {
  return rule.op == Direction::above ? a > b : a < b;
}

std::optional<RuleLevel> judge_rule(const Rule& rule, std::span<const Sample> samples, TimePoint now,
                                    const std::optional<ActiveHours>& of_crm) {
  std::map<std::string, std::vector<double>, std::less<>> groups;
  for (const Sample& sample : samples) {
    if (!feeds(rule, sample.metric, sample.labels)) continue;
    const auto value = value_of(rule, sample, samples);
    if (value) groups[rule.each.empty() ? std::string{} : std::string{sample.labels.get(rule.each)}].push_back(*value);
  }
  if (groups.empty()) return std::nullopt;
  RuleLevel worst{.rule = &rule, .each = {}, .value = {}, .level = {}};
  const std::optional<ActiveHours>& active = rule.active_crm ? of_crm : rule.active;
  const Hours hours = active ? Hours{Calendar{*active}} : Hours{};
  worst.resting = hours ? !hours->open_at(now) : rule.active_crm;
  for (const auto& [each, values] : groups) {
    const auto value = aggregate(rule, values, hours, now);
    if (!value || (worst.value && !is_worse(rule, *value, *worst.value))) continue;
    worst.each = each;
    worst.value = value;
    if (!worst.resting) worst.level = entered_level(rule, *value);
  }
  return worst;
}

/// The last rule of an id that applies wins.
std::vector<const Rule*> applying(const Ruleset& rules, const Labels& crm) {
  std::vector<const Rule*> out;
  for (const Rule& rule : rules.rules) {
    if (!matches(rule.applies_to, crm)) continue;
    const auto same = std::find_if(out.begin(), out.end(), [&](const Rule* other) { return other->id == rule.id; });
    if (same == out.end())
      out.push_back(&rule);
    else
      *same = &rule;
  }
  return out;
}

/// `aggregator` must outlive it, as the level must.
Measured measured(const RuleLevel& level, std::string_view aggregator) {
  const Rule& rule = *level.rule;
  const bool limited = rule.active || rule.active_crm;
  return {.rule = rule.id,
          .dimension = rule.dimension,
          .dimension_name = dimension_name(rule.dimension, Language::en),
          .metric = rule.measure.metric,
          .aggregator = aggregator,
          .unit = rule.unit,
          .of = level.each,
          .value = level.value.value_or(0),
          .lines = {rule.sub.enter, rule.poor.enter},
          .working_time = limited && rule.aggregator == Aggregator::age};
}

Level counted(const RuleLevel& level) {
  const Level found = level.level.value_or(Level::healthy);
  return level.rule->role == Role::soft ? std::min(found, Level::sub_healthy) : found;
}

std::string sentence(const RuleLevel& level) {
  const Rule& rule = *level.rule;
  const std::string aggregator = to_string(rule.aggregator, rule.quantile);
  const double limit = counted(level) == Level::poor ? rule.poor.enter : rule.sub.enter;
  const Passed passed{limit, spoken(counted(level), Language::en), rule.op == Direction::below};
  return measure_words(measured(level, aggregator), passed, Language::en).said;
}

std::string sentence(const probes::Reading& reading) {
  const Failure failure = reading.failure.value_or(Failure{});
  return fmt::format("{} failed: {}/{}: {}", reading.measurement, to_string(failure.stage), to_string(failure.reason),
                     failure.message);
}

std::string healthy_sentence(const CrmReport& report) {
  const auto judged =
      std::count_if(report.levels.begin(), report.levels.end(), [](const RuleLevel& l) { return l.level.has_value(); });
  return fmt::format("{} measurements answered, {} rules judged", report.readings.size(), judged);
}

}  // namespace

std::vector<RuleLevel> judge_samples(const Ruleset& rules, const Labels& crm, std::span<const Sample> samples,
                                     TimePoint now, const std::optional<ActiveHours>& hours) {
  std::vector<RuleLevel> out;
  for (const Rule* rule : applying(rules, crm)) {
    if (auto level = judge_rule(*rule, samples, now, hours)) out.push_back(std::move(*level));
  }
  return out;
}

void judge_report(CrmReport& report, const Ruleset& rules, const Labels& labels, TimePoint now,
                  const std::optional<ActiveHours>& hours) {
  std::vector<Sample> samples;
  for (const auto& reading : report.readings)
    samples.insert(samples.end(), reading.samples.begin(), reading.samples.end());
  report.levels = judge_samples(rules, labels, samples, now, hours);
  const auto take = [&](Level level, const auto& subject) {
    if (report.state && *report.state >= level) return;
    report.state = level;
    report.why = level == Level::healthy ? std::string{} : sentence(subject);
  };
  for (const auto& reading : report.readings) {
    if (reading.failure) take(reading.measurement == report.liveness ? Level::poor : Level::sub_healthy, reading);
  }
  for (const auto& level : report.levels) {
    if (level.level) take(counted(level), level);
  }
  if (!report.state) report.why = "nothing could be judged: no rule has a value";
  if (report.state == Level::healthy) report.why = healthy_sentence(report);
}

std::string value_words(const RuleLevel& level) {
  if (!level.value) return {};
  const std::string aggregator = to_string(level.rule->aggregator, level.rule->quantile);
  return measured_text(measured(level, aggregator), Language::en);
}

}  // namespace crmpulse::agent
