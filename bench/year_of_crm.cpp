#include "bench/year_of_crm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "rules/crm/incident.h"

namespace crmpulse::bench {
namespace {

constexpr Duration kMinute{std::chrono::minutes{1}};
constexpr std::size_t kDurations = 4096;

/// Durations to draw from: a year needs thousands of millions of them, and to make each anew would be most of the work.
std::array<double, kDurations> make_durations() {
  std::array<double, kDurations> out{};
  std::mt19937_64 random{1};
  std::lognormal_distribution<double> seconds{-1.5, 0.4};
  for (double& one : out) one = std::round(seconds(random) * 1000) / 1000;
  return out;
}

std::string series_name(const std::string& metric, const std::string& label, const std::string& value) {
  std::string name = metric + "\xff" + "agent" + "\xff" + "branch-1" + "\xff" + "kind" + "\xff" + "tryton";
  if (!label.empty()) name += "\xff" + label + "\xff" + value;
  return name;
}

rules::CrmStatus status_of(const std::string& crm, Level level, TimePoint at) {
  rules::CrmStatus status;
  status.crm = crm;
  status.kind = "tryton";
  status.labels = {{"agent", "branch-1"}, {"crm", crm}, {"kind", "tryton"}};
  status.state = level;
  status.data_status = DataStatus::fresh;
  status.since = at;
  rules::RuleStatus rule;
  rule.rule = "latency";
  rule.dimension = "latency";
  rule.remedy = "slow_response";
  rule.unit = "seconds";
  rule.metric = "crm_operation_duration_seconds";
  rule.aggregator = "p75";
  rule.worst_of = "read";
  rule.level = level;
  rule.data_status = DataStatus::fresh;
  rule.value = level == Level::poor ? 4.1 : level == Level::sub_healthy ? 1.4 : 0.2;
  rule.enter_sub = 1;
  rule.enter_poor = 3;
  rule.since = at;
  status.rules.push_back(rule);
  return status;
}

}  // namespace

YearOfCrm::YearOfCrm(int number)
    : name_(fmt::format("customer-{:04}", number)), random_(static_cast<std::uint64_t>(number)) {}

double YearOfCrm::seconds() {
  static const std::array<double, kDurations> kKnown = make_durations();
  return kKnown[random_() % kDurations];
}

std::vector<store::HistorySeries> YearOfCrm::readings(TimePoint from, TimePoint to, Duration interval) {
  std::vector<store::HistorySeries> series;
  const auto add = [&](const std::string& name, const auto& value) {
    store::HistorySeries& one = series.emplace_back(store::HistorySeries{name, {}});
    one.readings.reserve(static_cast<std::size_t>((to - from) / interval + 1));
    for (TimePoint at = from; at < to; at += interval) one.readings.push_back({unix_millis(at), value()});
  };
  add(series_name("crm_up", "", ""), [] { return 1.0; });
  for (const std::string operation : {"login", "read", "query", "search", "create", "update", "delete"}) {
    add(series_name("crm_operation_duration_seconds", "operation", operation), [this] { return seconds(); });
    for (const std::string phase : {"connect", "first_byte", "transfer"})
      add(series_name("crm_operation_phase_seconds", "operation", operation) + "\xff" + "phase" + "\xff" + phase,
          [this] { return seconds(); });
    add(series_name("crm_operation_success", "operation", operation),
        [this] { return random_() % 500 == 0 ? 0.0 : 1.0; });
  }
  for (const std::string object : {"party", "lead", "invoice"}) {
    add(series_name("crm_records", "object", object),
        [this] { return records_ += static_cast<double>(random_() % 2); });
    add(series_name("crm_last_modified_timestamp_seconds", "object", object),
        [this] { return newest_ += static_cast<double>(random_() % 60); });
  }
  std::sort(series.begin(), series.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return series;
}

DayOfCrm YearOfCrm::day(TimePoint day, TimePoint end) {
  DayOfCrm out;
  const auto change = [&](TimePoint at, Level level, double score, bool maintenance) {
    if (at < end) out.states.push_back({at, name_, level, DataStatus::fresh, score, maintenance});
  };
  change(day + 120 * kMinute, Level::healthy, 96, true);
  change(day + 140 * kMinute, Level::healthy, 97, false);
  if (random_() % 3 != 0) return out;
  const TimePoint opened = day + static_cast<int>(240 + random_() % 900) * kMinute;
  const TimePoint resolved = opened + static_cast<int>(5 + random_() % 90) * kMinute;
  if (resolved >= end) return out;
  const Level worst = random_() % 3 == 0 ? Level::poor : Level::sub_healthy;
  change(opened, worst, worst == Level::poor ? 42 : 71, false);
  change(resolved, Level::healthy, 94, false);
  add_incident(out, opened, resolved, worst);
  return out;
}

/// With its timeline: what fails, evidence, who was on it, the end.
void YearOfCrm::add_incident(DayOfCrm& out, TimePoint opened, TimePoint resolved, Level worst) {
  collector::CrmRegistry registry;
  const std::uint32_t self = registry.index_of(name_, "tryton");
  for (int i = 1; i <= 3; ++i)
    registry[self].evidence.push_back({opened + i * kMinute, name_, "tryton", "branch-1", "read", "request", "timeout",
                                       fmt::format("no answer after 10 s, request {:08x}", random_() % 0xffffffff)});
  static const config::Remedies kNoRemedies;
  const collector::ChangeMarkers changes;
  const collector::Operations operations;
  const collector::IncidentStore::Context context{registry, kNoRemedies, changes, operations};
  rules::CrmStatus status = status_of(name_, worst, opened);
  status.incident = rules::IncidentStatus{rules::incident_id(name_, opened, ++incidents_), worst, worst, opened};
  (void)store_.update(name_, status, context, opened);
  if (random_() % 4 != 0) {
    const TimePoint acked = opened + 3 * kMinute;
    store_.acknowledged(name_, {"ana", "on it", acked, acked + std::chrono::hours{8}});
  }
  (void)store_.update(name_, status, context, opened + 4 * kMinute);
  for (store::StoredIncident& ended :
       store_.update(name_, status_of(name_, Level::healthy, resolved), context, resolved))
    out.incidents.push_back(std::move(ended));
  for (store::IncidentEvent& event : store_.take_events()) out.events.push_back(std::move(event));
}

}  // namespace crmpulse::bench
