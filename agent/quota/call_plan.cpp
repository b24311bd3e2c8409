#include "agent/quota/call_plan.h"

#include <algorithm>
#include <cmath>

namespace crmpulse::agent {
namespace {

constexpr double kDay = 86'400;
constexpr double kPlannedShare = 0.95;
constexpr Duration kUnstated{std::chrono::seconds{30}};
/// Of calls that are short: half tell whether the CRM is there, a quarter whether its data moves.
constexpr std::array<double, kParts> kWeights{2, 1, 1};

double a_day(const PlannedRun& run, double interval_seconds) {
  return run.calls * kDay / interval_seconds;
}

/// By weight among the parts that want some; what a part does not need goes to the others.
std::array<double, kParts> share_out(const std::array<double, kParts>& wanted, double calls) {
  std::array<double, kParts> given{};
  std::array<bool, kParts> open{};
  for (std::size_t part = 0; part < kParts; ++part) open[part] = wanted[part] > 0;
  for (bool settled = false; !settled;) {
    settled = true;
    double weights = 0;
    for (std::size_t part = 0; part < kParts; ++part) weights += open[part] ? kWeights[part] : 0;
    if (weights <= 0) break;
    for (std::size_t part = 0; part < kParts; ++part) {
      if (open[part]) given[part] = calls * kWeights[part] / weights;
    }
    for (std::size_t part = 0; part < kParts; ++part) {
      if (!open[part] || given[part] < wanted[part]) continue;
      given[part] = wanted[part];
      calls -= wanted[part];
      open[part] = settled = false;
    }
  }
  return given;
}

/// The shortest interval (seconds) the runs of a part may have, so that together they make at most `calls` a day: the
/// most frequent give way first, a daily figure stays daily as long as that helps.
double floor_of(std::vector<const PlannedRun*> runs, double calls) {
  std::sort(runs.begin(), runs.end(), [](const auto* a, const auto* b) { return a->interval < b->interval; });
  double slower = 0;  // calls a day of those that keep their interval
  for (const PlannedRun* run : runs) slower += a_day(*run, to_seconds(run->interval));
  if (slower <= calls) return 0;
  double faster = 0;  // calls of one run each of those that give way
  for (std::size_t index = 0; index < runs.size(); ++index) {
    slower -= a_day(*runs[index], to_seconds(runs[index]->interval));
    faster += runs[index]->calls;
    const bool last = index + 1 == runs.size();
    const double left = calls - (last ? 0 : slower);
    if (left <= 0) continue;
    const double floor = faster * kDay / left;
    if (last || floor <= to_seconds(runs[index + 1]->interval)) return floor;
  }
  return 0;
}

}  // namespace

CallPlan plan_calls(std::span<const PlannedRun> runs, std::optional<double> allowed) {
  CallPlan plan;
  plan.allowed = allowed;
  plan.stretch.assign(runs.size(), 1);
  std::array<double, kParts> wanted{};
  for (const PlannedRun& run : runs) wanted[static_cast<std::size_t>(run.part)] += a_day(run, to_seconds(run.interval));
  for (const double calls : wanted) plan.planned += calls;
  plan.made = plan.planned;
  if (!allowed) return plan;
  plan.share.fill(*allowed);
  if (plan.planned <= *allowed * kPlannedShare) return plan;
  plan.share = share_out(wanted, *allowed);
  plan.made = 0;
  for (std::size_t part = 0; part < kParts; ++part) {
    std::vector<const PlannedRun*> of_part;
    for (const PlannedRun& run : runs) {
      if (static_cast<std::size_t>(run.part) == part && run.calls > 0) of_part.push_back(&run);
    }
    const bool in_full = plan.share[part] >= wanted[part];
    const double floor = in_full ? 0 : floor_of(of_part, plan.share[part] * kPlannedShare);
    for (std::size_t index = 0; index < runs.size(); ++index) {
      if (static_cast<std::size_t>(runs[index].part) != part || runs[index].calls <= 0) continue;
      const double interval = to_seconds(runs[index].interval);
      plan.stretch[index] = std::max(1.0, floor / interval);
      plan.made += a_day(runs[index], interval * plan.stretch[index]);
    }
  }
  return plan;
}

PlannedRun planned_run(const probes::Target::Planned& planned) {
  const probes::Measurement& measurement = *planned.measurement;
  PlannedRun run;
  run.interval = measurement.interval.value_or(kUnstated);
  run.calls = planned.calls;
  const auto& exchanges = measurement.exchanges;
  const auto tells_age = [](const std::vector<probes::SampleSpec>& samples) {
    return std::any_of(samples.begin(), samples.end(),
                       [](const auto& sample) { return sample.metric == "crm_last_modified_timestamp_seconds"; });
  };
  const bool staleness =
      tells_age(measurement.samples) ||
      std::any_of(exchanges.begin(), exchanges.end(), [&](const auto& e) { return tells_age(e.samples); });
  run.part = measurement.liveness ? Part::liveness : staleness ? Part::staleness : Part::others;
  return run;
}

}  // namespace crmpulse::agent
