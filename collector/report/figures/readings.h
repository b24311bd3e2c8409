#pragma once
// What was read about one CRM in one period, summed up, as the calculation takes it. Pure.

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collector/report/figures/period.h"
#include "collector/report/figures/state_times.h"
#include "collector/text/value_text.h"
#include "core/labels.h"

namespace crmpulse::collector::report {

/// The readings of one series in one span of time.
struct Totals {
  std::string metric;
  Labels labels;  ///< without `crm` and `agent`: all places together
  std::uint64_t count = 0;
  double sum = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  std::optional<double> p50;  ///< of durations
  std::optional<double> p75;
  std::optional<double> p95;
  std::optional<double> apdex;  ///< of durations: satisfied and half of the tolerating, of all

  [[nodiscard]] double mean() const { return sum / static_cast<double>(count); }
};

/// How old the newest change of an object was at the end of each hour in which it was asked.
struct Ages {
  std::string object;
  double mean = 0;  ///< seconds
  double longest = 0;
};

/// The vendor's own status page said that something was wrong.
struct VendorNotice {
  std::string instance;
  TimePoint from;
  TimePoint to;
  int level = 0;  ///< 1 maintenance, 2 minor, 3 major incident
};

/// One part of the period, for charts.
struct BucketReadings {
  Bucket bucket;
  std::vector<Totals> totals;  ///< of checks and durations
};

struct PeriodReadings {
  Period period;
  TimePoint until;  ///< its end, or now while it is under way
  std::vector<StateSpan> states;
  std::vector<Totals> totals;       ///< of all of it
  std::vector<Totals> closing;      ///< of its last 24 hours
  std::vector<Totals> maintenance;  ///< of checks while work was planned
  std::vector<Ages> ages;
  std::vector<VendorNotice> notices;
  std::vector<BucketReadings> buckets;  ///< only of the period that the report is about
};

/// What a rule asks of this CRM.
struct Target {
  std::string rule;
  std::string dimension;
  double sub_healthy = 0;
  double poor = 0;
  Worse worse = Worse::above;
  std::string remedy;  ///< key of the text
};
using Targets = std::map<std::string, Target, std::less<>>;  ///< by rule

}  // namespace crmpulse::collector::report
