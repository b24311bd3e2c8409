#include "collector/health_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "collector/describe.h"
#include "collector/fault.h"
#include "collector/metric_family.h"

namespace crmpulse::collector {
namespace {

using prometheus::MetricFamily;

constexpr std::array<std::string_view, 14> kNames{"crm_health_level",           "crm_health",
                                                  "crm_health_score",           "crm_dimension_level",
                                                  "crm_dimension_value",        "crm_incident_open",
                                                  "crm_availability_ratio",     "crm_apdex_ratio",
                                                  "crm_error_budget_burn_rate", "crm_error_budget_remaining_ratio",
                                                  "crm_availability_failures",  "crm_slo_objective_ratio",
                                                  "crm_maintenance_seconds",    "crm_operation_latency_seconds"};

struct Families {
  MetricFamily level =
      gauge_family("crm_health_level", "Health of the CRM: 0 healthy, 1 sub-healthy, 2 poor; absent while unknown.");
  MetricFamily state = gauge_family("crm_health", "1 for the state the CRM is in, 0 for the others.");
  MetricFamily score = gauge_family("crm_health_score", "Weighted score of the CRM, 0 to 100.");
  MetricFamily dimension_level =
      gauge_family("crm_dimension_level", "Confirmed level of a dimension: 0 healthy, 1 sub-healthy, 2 poor.");
  MetricFamily dimension_value =
      gauge_family("crm_dimension_value", "Newest judged value of a dimension's worst rule, in the rule's unit.");
  MetricFamily incident = gauge_family("crm_incident_open", "1 while an incident of the CRM is open.");
  MetricFamily availability =
      gauge_family("crm_availability_ratio", "Share of good liveness measurements in the window.");
  MetricFamily failures = gauge_family("crm_availability_failures", "Liveness measurements that failed in the window.");
  MetricFamily apdex = gauge_family("crm_apdex_ratio", "Apdex of the CRM as its rule computes it.");
  MetricFamily burn =
      gauge_family("crm_error_budget_burn_rate", "Speed at which the error budget burns; 1 uses it up exactly.");
  MetricFamily budget =
      gauge_family("crm_error_budget_remaining_ratio",
                   "What is left of the 30 days' error budget: 1 all of it, 0 nothing, below 0 overdrawn.");
  MetricFamily objective = gauge_family("crm_slo_objective_ratio", "The availability that was promised.");
  MetricFamily maintenance =
      gauge_family("crm_maintenance_seconds", "Maintenance in the window, which costs no error budget.");
  MetricFamily latency{"crm_operation_latency_seconds",
                       "Durations of operations seen since the collector started.",
                       prometheus::MetricType::Histogram,
                       {}};

  [[nodiscard]] std::vector<MetricFamily> take() {
    std::vector<MetricFamily> out;
    for (MetricFamily* family : {&level, &state, &score, &dimension_level, &dimension_value, &incident, &availability,
                                 &failures, &apdex, &burn, &budget, &objective, &maintenance, &latency}) {
      if (!family->metric.empty()) out.push_back(std::move(*family));
    }
    return out;
  }
};

void add_status(Families& out, const MetricLabels& crm, const rules::CrmStatus& status, const CrmBook& book,
                TimePoint now) {
  const bool known = status.data_status != DataStatus::warming_up;
  if (known) add_value(out.level, crm, static_cast<double>(status.state));
  for (const Level level : {Level::healthy, Level::sub_healthy, Level::poor}) {
    MetricLabels labels = crm;
    labels.emplace_back("state", to_string(level));
    add_value(out.state, labels, known && status.state == level ? 1 : 0);
  }
  if (status.score) add_value(out.score, crm, *status.score);
  if (!status.incident) return;
  MetricLabels labels = crm;
  labels.emplace_back("level", to_string(status.incident->level));
  labels.emplace_back("fault", judge_fault(status, book.find(status.crm), now, &book).verdict);
  add_value(out.incident, labels, 1);
}

void add_dimensions(Families& out, const MetricLabels& crm, const rules::CrmStatus& status) {
  for (const rules::RuleStatus* rule : by_dimension(status)) {
    if (rule->data_status == DataStatus::warming_up) continue;
    MetricLabels labels = crm;
    labels.emplace_back("dimension", rule->dimension);
    add_value(out.dimension_level, labels, static_cast<double>(shown_level(*rule)));
    if (rule->value) add_value(out.dimension_value, labels, *rule->value);
  }
}

/// Apdex is a rule's value; it is worth a name of its own, in the two decimals people compare it by. Which of several
/// rules with one id was applied is not told: their aggregators are the same by nature.
void add_apdex(Families& out, const MetricLabels& crm, const rules::CrmStatus& status, const Ruleset& ruleset) {
  for (const rules::RuleStatus& verdict : status.rules) {
    const auto rule = std::find_if(ruleset.rules.begin(), ruleset.rules.end(),
                                   [&](const Rule& one) { return one.id == verdict.rule; });
    if (rule == ruleset.rules.end() || rule->aggregator != Aggregator::apdex) continue;
    if (!verdict.value || verdict.data_status == DataStatus::no_data) continue;
    return add_value(out.apdex, crm, std::round(*verdict.value * 100) / 100);
  }
}

/// What was promised for a CRM: the objective of the last burn-rate rule on its liveness that applies to it.
std::optional<double> objective_of(const rules::CrmStatus& status, const Ruleset& ruleset) {
  std::optional<double> objective;
  for (const Rule& rule : ruleset.rules) {
    if (rule.aggregator == Aggregator::burn && rule.measure.metric == "crm_up" &&
        matches(rule.applies_to, status.labels))
      objective = rule.slo;
  }
  return objective;
}

void add_slo(Families& out, const MetricLabels& crm, const rules::SloCounters& slo, std::optional<double> objective,
             TimePoint now) {
  for (const Duration window : rules::SloCounters::kWindows) {
    const rules::Tally tally = slo.counted(now, window);
    if (tally.total == 0) continue;
    MetricLabels labels = crm;
    labels.emplace_back("window", format_duration(window));
    add_value(out.availability, labels, *tally.ratio());
    add_value(out.failures, labels, static_cast<double>(tally.bad()));
    const std::optional<double> burning = objective ? rules::burn_rate(tally, *objective) : std::nullopt;
    if (burning) add_value(out.burn, labels, *burning);
  }
  if (objective) {
    add_value(out.objective, crm, *objective);
    if (const auto left = slo.budget_remaining(now, *objective)) add_value(out.budget, crm, *left);
  }
  if (const Duration time = slo.maintenance(now, rules::SloCounters::kPeriod); time > Duration{0}) {
    MetricLabels labels = crm;
    labels.emplace_back("window", format_duration(rules::SloCounters::kPeriod));
    add_value(out.maintenance, labels, to_seconds(time));
  }
}

void add_latency(Families& out, const MetricLabels& crm, const CrmFacts& facts) {
  for (const auto& [operation, histogram] : facts.latency) {
    MetricLabels labels = crm;
    labels.emplace_back("operation", operation);
    prometheus::ClientMetric metric = metric_with(labels);
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < LatencyHistogram::kBounds.size(); ++i) {
      count += histogram.counts[i];
      metric.histogram.bucket.push_back({count, LatencyHistogram::kBounds[i]});
    }
    count += histogram.counts.back();
    metric.histogram.bucket.push_back({count, std::numeric_limits<double>::infinity()});
    metric.histogram.sample_count = count;
    metric.histogram.sample_sum = histogram.sum;
    out.latency.metric.push_back(std::move(metric));
  }
}

}  // namespace

bool is_health_metric(std::string_view name) {
  // A histogram's own series end in these.
  constexpr std::string_view kLatency = "crm_operation_latency_seconds";
  if (name.starts_with(kLatency)) return true;
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

std::vector<MetricFamily> HealthMetrics::Collect() const {
  Families out;
  const TimePoint now = engine_.now();
  for (const std::string& crm : engine_.content().engine().crms()) {
    const std::optional<rules::CrmStatus> status = engine_.content().engine().status(crm);
    if (!status) continue;
    const CrmFacts* facts = engine_.content().book().find(crm);
    const MetricLabels labels{{"crm", crm}, {"kind", status->kind}};
    add_status(out, labels, *status, engine_.content().book(), now);
    add_dimensions(out, labels, *status);
    const Ruleset& ruleset = engine_.configuration().ruleset;
    add_apdex(out, labels, *status, ruleset);
    if (facts == nullptr) continue;
    add_slo(out, labels, facts->slo, objective_of(*status, ruleset), now);
    add_latency(out, labels, *facts);
  }
  return out.take();
}

}  // namespace crmpulse::collector
