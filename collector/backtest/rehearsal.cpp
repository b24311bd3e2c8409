#include "collector/backtest/rehearsal.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "collector/backtest/backtest.h"
#include "collector/backtest/crm_samples.h"
#include "collector/backtest/rule_change.h"
#include "collector/backtest/run.h"

namespace crmpulse::collector {
namespace {

/// One engine, and what becomes of the CRM under its rules.
class Side {
 public:
  Side(const Ruleset& ruleset, std::vector<rules::ReceiverSpec> receivers, std::string crm)
      : crm_(std::move(crm)),
        run_(ruleset, std::move(receivers),
             {nullptr, nullptr, [this](const rules::Engine& engine, const rules::Outcome& outcome, TimePoint now) {
                note(engine, outcome, now);
              }}) {}
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  void take(const BacktestBatch& batch) { run_.take(batch); }

  BacktestOutcome finish(RehearsedSide& out) {
    const BacktestOutcome outcome = run_.finish();
    count_until(outcome.to);
    if (open_) keep(std::nullopt);
    out = std::move(side_);
    return outcome;
  }

 private:
  void note(const rules::Engine& engine, const rules::Outcome& outcome, TimePoint now) {
    for (const rules::StateChange& change : outcome.changes) {
      if (change.status.crm != crm_) continue;
      count_until(change.at);
      state_ = change.status.state;
      if (change.status.incident) follow(*change.status.incident, change.at);
    }
    // It lasts until those who were told of it are told its end.
    if (!open_ || state_ != Level::healthy || outcome.touched.empty()) return;
    const auto status = engine.status(crm_);
    if (!status || !status->incident) close(now);
  }

  void count_until(TimePoint at) {
    if (state_ != Level::healthy) (state_ == Level::poor ? side_.poor : side_.sub_healthy) += at - since_;
    since_ = at;
  }

  void follow(const rules::IncidentStatus& incident, TimePoint at) {
    if (open_ && incident.id != id_) close(at);
    if (!open_) open_ = RehearsedIncident{incident.opened, std::nullopt, Level::sub_healthy};
    id_ = incident.id;
    open_->worst = std::max(open_->worst, incident.worst);
  }

  void close(TimePoint at) {
    keep(at);
    open_.reset();
  }

  void keep(std::optional<TimePoint> resolved) {
    open_->resolved = resolved;
    ++side_.count;
    if (side_.incidents.size() < RehearsedSide::kMostIncidents) side_.incidents.push_back(*open_);
  }

  std::string crm_;
  RehearsedSide side_;
  Level state_ = Level::healthy;
  TimePoint since_;
  std::optional<RehearsedIncident> open_;
  std::string id_;  ///< of the open one
  BacktestRun run_;
};

bool measures(const Rule& rule, std::string_view metric) {
  const Measure& measure = rule.measure;
  return measure.metric == metric || (measure.per && measure.per->metric == metric) ||
         (measure.errors && measure.errors->metric == metric);
}

}  // namespace

Result<Rehearsal> rehearse(store::Database& database, const RehearsalPlan& plan, const std::function<bool()>& cancelled,
                           const RehearsalBounds& bounds) {
  using Steady = std::chrono::steady_clock;
  const Steady::time_point until = Steady::now() + bounds.time;
  const Ruleset& ruleset = plan.configuration->ruleset;
  const Ruleset changed = with_rule(ruleset, plan.changed);
  const std::vector<rules::ReceiverSpec> receivers = receiver_specs(plan.configuration->settings.receivers);
  CrmSamples samples{database, {plan.crm, plan.from, plan.to}, [&](std::string_view metric) {
                       return std::any_of(ruleset.rules.begin(), ruleset.rules.end(),
                                          [&](const Rule& rule) { return measures(rule, metric); });
                     }};
  Side before{ruleset, receivers, plan.crm};
  Side after{changed, receivers, plan.crm};
  Rehearsal out;
  std::uint64_t taken = 0;
  while (!out.truncated) {
    if (cancelled()) return Error{"the rehearsal was given up"};
    auto batch = samples.next();
    if (batch.has_error()) return batch.error();
    if (!batch->has_value()) break;
    before.take(**batch);
    after.take(**batch);
    taken += (*batch)->events.size();
    out.truncated = taken >= bounds.samples || Steady::now() >= until;
  }
  const BacktestOutcome outcome = before.finish(out.before);
  [[maybe_unused]] const BacktestOutcome same = after.finish(out.after);
  out.from = taken > 0 ? outcome.from : plan.from;
  out.to = taken > 0 ? outcome.to : plan.from;
  out.samples = outcome.samples;
  out.truncated = out.truncated || samples.cut();
  out.damaged = samples.damaged();
  return out;
}

}  // namespace crmpulse::collector
