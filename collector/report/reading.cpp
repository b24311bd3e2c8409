#include "collector/report/reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "collector/report/figures/figures.h"
#include "collector/report/stored_incidents.h"
#include "collector/report/stored_readings.h"
#include "store/history/states.h"

namespace crmpulse::collector::report {
namespace {

void add_rules(const Configuration& configuration, const Labels& labels, const std::string& kind, ReportInput& out) {
  for (const Rule& rule : configuration.ruleset.rules) {
    if (!matches(rule.applies_to, labels)) continue;
    // The last one that applies is the one that judges.
    out.targets[rule.id] = {rule.id,
                            rule.dimension,
                            rule.sub.enter,
                            rule.poor.enter,
                            rule.op == Direction::above ? Worse::above : Worse::below,
                            rule.remedy};
    Bilingual& text = out.remedies[rule.id];
    text = {};
    // The general one, then where to look in this kind of CRM.
    for (const std::string& key : {rule.remedy, fmt::format("{}/{}", rule.remedy, kind)}) {
      const auto remedy = configuration.remedies.find(key);
      if (remedy == configuration.remedies.end()) continue;
      text.en += (text.en.empty() ? "" : " ") + remedy->second.en;
      text.zh += remedy->second.zh;
    }
  }
}

/// The one for all CRMs: which labels this one has is known only when its readings are.
std::optional<ApdexRule> apdex_of(const Configuration& configuration) {
  std::optional<ApdexRule> out;
  for (const Rule& rule : configuration.ruleset.rules) {
    if (rule.aggregator == Aggregator::apdex && rule.measure.metric == kDurations && rule.applies_to.empty())
      out = ApdexRule{rule.target, rule.measure.where};
  }
  return out;
}

Result<void> add_incidents(store::Database& database, ReportInput& out) {
  auto incidents = read_incidents(database, out.crm, out.current.period.from, out.current.until);
  if (!incidents) return incidents.error();
  out.incidents = std::move(incidents->incidents);
  out.incidents_omitted = incidents->omitted;
  if (!out.previous) return {};
  auto earlier = read_incidents(database, out.crm, out.previous->period.from, out.previous->until);
  if (!earlier) return earlier.error();
  out.earlier_incidents = std::move(earlier->incidents);
  return {};
}

/// What the period is compared with: the one that was asked for, else the one before and the same a year before.
std::vector<Period> earlier_periods(const ReportRequest& request, const ZonePtr& zone) {
  if (request.compare) return {*request.compare};
  return {period_before(request.period, zone), year_before(request.period, zone)};
}

std::uint64_t steps_of(const ReportRequest& request, const ZonePtr& zone) {
  std::uint64_t steps = StoredReadings::steps_of(request.period, zone, true);
  for (const Period& period : earlier_periods(request, zone)) steps += StoredReadings::steps_of(period, zone, false);
  return steps;
}

Result<void> add_earlier(StoredReadings& readings, const ReportRequest& request, const ZonePtr& zone,
                         ReportInput& out) {
  const std::vector<Period> earlier = earlier_periods(request, zone);
  auto previous = readings.read(earlier.front(), request.now, zone, false);
  if (!previous) return previous.error();
  out.previous = std::move(*previous);
  out.compared = request.compare.has_value();
  if (out.compared) return {};
  auto year_ago = readings.read(earlier.back(), request.now, zone, false);
  if (!year_ago) return year_ago.error();
  out.year_ago = std::move(*year_ago);
  return {};
}

}  // namespace

Result<ReportInput> read_report(store::Database& database, const Configuration& configuration,
                                const ReportRequest& request, const ReadingProgress& progress) {
  const ZonePtr& zone = configuration.settings.time_zone;
  ReportInput out;
  out.crm = request.crm;
  out.now = request.now;
  out.zone = zone;
  const auto stepped = [&progress, done = std::uint64_t{0}, all = steps_of(request, zone)]() mutable {
    ++done;
    if (progress) progress(done, all);
  };
  StoredReadings readings{database, request.crm, apdex_of(configuration), stepped};
  auto current = readings.read(request.period, request.now, zone, true);
  if (!current) return current.error();
  out.current = std::move(*current);
  if (const auto added = add_earlier(readings, request, zone, out); !added) return added.error();
  if (const auto added = add_incidents(database, out); !added) return added.error();
  out.kind = readings.labels().get("kind");
  add_rules(configuration, readings.labels(), out.kind, out);
  for (const Goal& goal : configuration.settings.goals) {
    if (goal.crm != request.crm) continue;
    auto reached = readings.read_goal(goal, out.current.until, zone);
    if (!reached) return reached.error();
    out.goals.push_back(std::move(*reached));
  }
  out.series_omitted = readings.omitted();
  out.damaged = readings.damaged();
  return out;
}

Result<bool> knows_crm(store::Database& database, const std::string& crm) {
  const auto state = store::has_state(database, crm);
  if (!state || *state) return state;
  const auto known = store::crms_with_states(database);
  if (!known) return known.error();
  if (std::find(known->begin(), known->end(), crm) != known->end()) return true;
  store::IncidentFilter filter;
  filter.crm = crm;
  filter.limit = 1;
  const auto incidents = store::list_incidents(database, filter);
  if (!incidents) return incidents.error();
  return !incidents->empty();
}

}  // namespace crmpulse::collector::report
