#include "collector/metrics/health_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "collector/message/describe.h"
#include "collector/message/fault.h"
#include "collector/metrics/exposition_text.h"

namespace crmpulse::collector {
namespace {

/// The names of one CRM's labels, written once for all of its series.
using CrmLabels = const std::string&;

struct Families {
  FamilyText level{"crm_health_level", "Health of the CRM: 0 healthy, 1 sub-healthy, 2 poor; absent while unknown."};
  FamilyText state{"crm_health", "1 for the state the CRM is in, 0 for the others."};
  FamilyText score{"crm_health_score", "Weighted score of the CRM, 0 to 100."};
  FamilyText dimension_level{"crm_dimension_level",
                             "Confirmed level of a dimension: 0 healthy, 1 sub-healthy, 2 poor."};
  FamilyText dimension_value{"crm_dimension_value",
                             "Newest judged value of a dimension's worst rule, in the rule's unit."};
  FamilyText incident{"crm_incident_open", "1 while an incident of the CRM is open."};
  FamilyText availability{"crm_availability_ratio", "Share of good liveness measurements in the window."};
  FamilyText failures{"crm_availability_failures", "Liveness measurements that failed in the window."};
  FamilyText apdex{"crm_apdex_ratio", "Apdex of the CRM as its rule computes it."};
  FamilyText burn{"crm_error_budget_burn_rate", "Speed at which the error budget burns; 1 uses it up exactly."};
  FamilyText budget{"crm_error_budget_remaining_ratio",
                    "What is left of the 30 days' error budget: 1 all of it, 0 nothing, below 0 overdrawn."};
  FamilyText objective{"crm_slo_objective_ratio", "The availability that was promised."};
  FamilyText maintenance{"crm_maintenance_seconds", "Maintenance in the window, which costs no error budget."};
  FamilyText latency{"crm_operation_latency_seconds", "Durations of operations seen since the collector started.",
                     "histogram"};

  void move_to(std::string& out, PageFormat format) {
    for (FamilyText* family : {&level, &state, &score, &dimension_level, &dimension_value, &incident, &availability,
                               &failures, &apdex, &burn, &budget, &objective, &maintenance, &latency})
      family->move_to(out, format);
  }
};

void add_status(Families& out, CrmLabels crm, const rules::CrmStatus& status, const CrmRegistry& book, TimePoint now) {
  const bool known = status.data_status != DataStatus::warming_up;
  if (known) out.level.add(crm, {}, static_cast<double>(status.state));
  for (const Level level : {Level::healthy, Level::sub_healthy, Level::poor})
    out.state.add(crm, {{"state", to_string(level)}}, known && status.state == level ? 1 : 0);
  if (status.score) out.score.add(crm, {}, *status.score);
  if (!status.incident) return;
  const auto fault = judge_fault(status, book.find(status.crm), now, &book);
  out.incident.add(crm, {{"level", to_string(status.incident->level)}, {"fault", fault.verdict}}, 1);
}

void add_dimensions(Families& out, CrmLabels crm, const rules::CrmStatus& status) {
  for (const rules::RuleStatus* rule : by_dimension(status)) {
    if (rule->data_status == DataStatus::warming_up) continue;
    out.dimension_level.add(crm, {{"dimension", rule->dimension}}, static_cast<double>(shown_level(*rule)));
    if (rule->value) out.dimension_value.add(crm, {{"dimension", rule->dimension}}, *rule->value);
  }
}

/// Apdex is a rule's value; it is worth a name of its own, in the two decimals people compare it by. Which of several
/// rules with one id was applied is not told: their aggregators are the same by nature.
void add_apdex(Families& out, CrmLabels crm, const rules::CrmStatus& status, const Ruleset& ruleset) {
  for (const rules::RuleStatus& verdict : status.rules) {
    const auto rule = std::find_if(ruleset.rules.begin(), ruleset.rules.end(),
                                   [&](const Rule& one) { return one.id == verdict.rule; });
    if (rule == ruleset.rules.end() || rule->aggregator != Aggregator::apdex) continue;
    if (!verdict.value || verdict.data_status == DataStatus::no_data) continue;
    return out.apdex.add(crm, {}, std::round(*verdict.value * 100) / 100);
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

void add_slo(Families& out, CrmLabels crm, const rules::SloCounters& slo, std::optional<double> objective,
             TimePoint now) {
  for (const Duration window : rules::SloCounters::kWindows) {
    const rules::Tally tally = slo.counted(now, window);
    if (tally.total == 0) continue;
    const std::string length = format_duration(window);
    out.availability.add(crm, {{"window", length}}, *tally.ratio());
    out.failures.add(crm, {{"window", length}}, static_cast<double>(tally.bad()));
    const std::optional<double> burning = objective ? rules::burn_rate(tally, *objective) : std::nullopt;
    if (burning) out.burn.add(crm, {{"window", length}}, *burning);
  }
  if (objective) {
    out.objective.add(crm, {}, *objective);
    if (const auto left = slo.budget_remaining(now, *objective)) out.budget.add(crm, {}, *left);
  }
  if (const Duration time = slo.maintenance(now, rules::SloCounters::kPeriod); time > Duration{0})
    out.maintenance.add(crm, {{"window", format_duration(rules::SloCounters::kPeriod)}}, to_seconds(time));
}

/// `,le="0.05"} ` and so on: most lines of a page are buckets.
using BucketEnds = std::vector<std::string>;

BucketEnds make_bucket_ends(PageFormat format) {
  BucketEnds made;
  for (const double bound : LatencyHistogram::kBounds) {
    made.emplace_back(",le=\"");
    append_bound(made.back(), bound, format);
    made.back() += "\"} ";
  }
  made.emplace_back(",le=\"+Inf\"} ");
  return made;
}

const BucketEnds& bucket_ends(PageFormat format) {
  static const std::array<BucketEnds, kPageFormats> ends{make_bucket_ends(PageFormat::text),
                                                         make_bucket_ends(PageFormat::open_metrics)};
  return ends.at(static_cast<std::size_t>(format));
}

void add_latency(Families& out, CrmLabels crm, const CrmFacts& facts, const BucketEnds& ends) {
  std::string labels;
  for (const auto& [operation, histogram] : facts.latency) {
    labels.assign(crm).append(",");
    append_labels(labels, std::initializer_list<TextLabel>{{"operation", operation}});
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
      count += histogram.counts[i];
      out.latency.add_part("_bucket", labels, ends[i], count);
    }
    out.latency.add_part("_sum", labels, "} ", histogram.sum);
    out.latency.add_part("_count", labels, "} ", count);
  }
}

/// CRM by CRM, since what is told of one is worked out once; each family's lines are kept until all are known.
class HealthMetrics final : public ExpositionPart {
 public:
  HealthMetrics(const EngineLoop& engine, PageFormat format)
      : engine_(engine), format_(format), now_(engine.now()), crms_(engine.rules().crms()) {}
  bool write(std::string& out) override;

 private:
  void add(const std::string& crm);

  static constexpr std::size_t kPerPiece = 64;

  const EngineLoop& engine_;
  PageFormat format_;
  TimePoint now_;
  std::vector<std::string> crms_;
  std::size_t next_ = 0;
  Families families_;
};

void HealthMetrics::add(const std::string& crm) {
  const std::optional<rules::CrmStatus> status = engine_.rules().status(crm);
  if (!status) return;
  std::string labels;
  append_labels(labels, std::initializer_list<TextLabel>{{"crm", crm}, {"kind", status->kind}});
  add_status(families_, labels, *status, engine_.crms(), now_);
  add_dimensions(families_, labels, *status);
  const Ruleset& ruleset = engine_.configuration().ruleset;
  add_apdex(families_, labels, *status, ruleset);
  const CrmFacts* facts = engine_.crms().find(crm);
  if (facts == nullptr) return;
  add_slo(families_, labels, facts->slo, objective_of(*status, ruleset), now_);
  add_latency(families_, labels, *facts, bucket_ends(format_));
}

bool HealthMetrics::write(std::string& out) {
  for (const std::size_t end = std::min(crms_.size(), next_ + kPerPiece); next_ < end; ++next_) add(crms_[next_]);
  if (next_ < crms_.size()) return true;
  families_.move_to(out, format_);
  return false;
}

}  // namespace

std::unique_ptr<ExpositionPart> health_metrics(const EngineLoop& engine, PageFormat format) {
  return std::make_unique<HealthMetrics>(engine, format);
}

}  // namespace crmpulse::collector
