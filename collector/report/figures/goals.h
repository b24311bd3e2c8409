#pragma once
// Goals (specific, measurable, with an owner and a date) against what was reached. Pure.

#include <optional>
#include <string>
#include <vector>

#include "collector/configuration/goals.h"
#include "core/time/time.h"

namespace crmpulse::collector::report {

/// What the metric was around an instant: the mean of a week's readings.
struct GoalReading {
  TimePoint at;
  double value = 0;
};

struct GoalProgress {
  Goal goal;
  std::optional<GoalReading> began;  ///< the baseline: as declared, or as first measured
  std::optional<GoalReading> now;
  TimePoint due;  ///< the begin of the day behind `by`
  bool reached = false;
  bool over = false;                  ///< the date has passed
  std::optional<double> progress;     ///< 0 at the baseline, 1 at the target
  std::optional<double> pace;         ///< of the metric, a week, since the baseline
  std::optional<double> pace_needed;  ///< a week, from now to the date
  std::optional<bool> on_track;       ///< the pace suffices, or it is reached
};

/// Works out the progress at `at`.
[[nodiscard]] GoalProgress progress_of(const Goal& goal, std::optional<GoalReading> began,
                                       std::optional<GoalReading> now, TimePoint due, TimePoint at);

}  // namespace crmpulse::collector::report
