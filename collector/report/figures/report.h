#pragma once
// A report as a value: everything it says, without a word and without a layout. Pure.

#include <optional>
#include <string>
#include <vector>

#include "collector/report/figures/figures.h"
#include "collector/report/figures/goals.h"
#include "collector/report/figures/incidents.h"
#include "collector/report/figures/period.h"
#include "collector/report/figures/readings.h"
#include "collector/text/language.h"

namespace crmpulse::collector::report {

/// What a report is calculated from.
struct ReportInput {
  std::string crm;
  std::string kind;  ///< may be empty
  TimePoint now;
  ZonePtr zone;
  PeriodReadings current;
  std::optional<PeriodReadings> previous;   ///< the period it is compared with
  std::optional<PeriodReadings> year_ago;   ///< absent also where a period to compare with was asked for
  bool compared = false;                    ///< somebody asked for `previous`
  std::vector<Incident> incidents;          ///< of the current period, oldest first, not measured yet
  std::vector<Incident> earlier_incidents;  ///< of `previous`
  Targets targets;
  std::map<std::string, Bilingual> remedies;  ///< by rule
  std::vector<GoalProgress> goals;
  std::size_t incidents_omitted = 0;
  std::size_t series_omitted = 0;  ///< that found no room
  std::size_t damaged = 0;         ///< blocks of readings that could not be read
};

/// One part of the period in charts.
struct BucketFigures {
  Bucket bucket;
  StateTimes states;  ///< as far as the bucket is over
  TimePoint until;
  std::optional<double> availability;
  std::vector<Figure> latency;  ///< response_time_p50 and _p95 by operation
};

struct Improvement {
  Cost cost;
  Bilingual remedy;  ///< may be empty
};

struct Report {
  std::string crm;
  std::string kind;
  TimePoint made;
  ZonePtr zone;
  Period period;
  TimePoint until;
  bool under_way = false;  ///< the period is not over
  std::optional<Period> previous;
  std::optional<Period> year_ago;        ///< absent if nothing is stored of it, as `previous`
  std::optional<Period> nothing_before;  ///< the period it would be compared with
  bool compared = false;
  StateTimes states;
  std::optional<StateTimes> states_before;
  std::vector<Figure> figures;
  std::vector<std::string> not_measured;  ///< dimensions without any figure in this period
  std::vector<std::string> idle_features;
  std::vector<BucketFigures> buckets;
  std::vector<StateSpan> timeline;
  std::vector<Incident> incidents;
  IncidentSums incident_sums;
  std::optional<IncidentSums> incidents_before;
  std::vector<Improvement> improvements;  ///< at most three
  std::vector<GoalProgress> goals;
  std::vector<VendorNotice> notices;
  std::size_t incidents_omitted = 0;
  std::size_t series_omitted = 0;
  std::size_t damaged = 0;
};

[[nodiscard]] Report calculate(ReportInput input);

}  // namespace crmpulse::collector::report
