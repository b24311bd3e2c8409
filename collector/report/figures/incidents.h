#pragma once
// The incidents of a period: what they cost, who answered, whose fault they looked like. Pure.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collector/report/figures/state_times.h"
#include "collector/text/language.h"
#include "core/level.h"
#include "core/time/time.h"

namespace crmpulse::collector::report {

/// One line of an incident's timeline.
struct TimelineLine {
  TimePoint at;
  std::string type;  ///< `state`, `dimension`, `evidence`, `ack`, `message`, …
  Bilingual text;
};

/// While one rule was not healthy within an incident.
struct FailingSpan {
  std::string dimension;
  std::string rule;
  TimePoint from;
  TimePoint to;
  Level level = Level::sub_healthy;
};

struct Incident {
  std::string id;
  Level worst = Level::sub_healthy;
  TimePoint opened;
  std::optional<TimePoint> resolved;
  std::optional<TimePoint> acknowledged;  ///< by a person, the first time
  std::string acknowledged_by;
  std::string verdict;  ///< whose fault it looked like; empty: not known
  Bilingual why;
  std::vector<FailingSpan> failing;
  std::vector<TimelineLine> timeline;
  std::size_t lines_omitted = 0;

  // What follows is worked out by measure_incident().
  Duration lasted{};  ///< within the period
  Duration cost{};    ///< of that, outside maintenance
};

/// Works out what lies between `from` and `until`; `states` tell what of it was maintenance. An incident that is open
/// lasts until `until`.
void measure_incident(Incident& incident, std::span<const StateSpan> states, TimePoint from, TimePoint until);

struct IncidentSums {
  std::size_t count = 0;         ///< that were open in the period
  std::size_t began_before = 0;  ///< of them, that began before it
  std::size_t open = 0;          ///< that are not over
  Duration cost{};
  std::optional<Duration> to_acknowledge;  ///< mean, of those that began in the period and somebody acknowledged
  std::size_t not_acknowledged = 0;        ///< that began in the period and nobody acknowledged
  std::optional<Duration> to_recover;      ///< mean, of those that began in the period and are over
};
[[nodiscard]] IncidentSums sum_incidents(std::span<const Incident> incidents, TimePoint from);

/// What one dimension cost, for whoever decides what to improve.
struct Cost {
  std::string dimension;
  std::string rule;  ///< of it, the one that was not healthy for longest
  Duration poor{};   ///< not healthy outside maintenance, at the worst of its rules
  Duration degraded{};
  double score = 0;  ///< points that the period's mean score lost by it
  std::size_t incidents = 0;

  [[nodiscard]] Duration total() const { return poor + degraded; }
};
/// Returns what each dimension cost, the dearest first: by lost score, then by time. Where several failed at once each
/// bears its part of the score.
[[nodiscard]] std::vector<Cost> costs_of(std::span<const Incident> incidents, std::span<const StateSpan> states,
                                         TimePoint from, TimePoint until);

}  // namespace crmpulse::collector::report
