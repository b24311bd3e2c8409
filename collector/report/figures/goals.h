#pragma once
// Goals (specific, measurable, with an owner and a date) against what was reached. Pure.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
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

enum class GoalStanding {
  no_data,   ///< nothing was measured in the last week
  begun,     ///< less than a day behind it, or no reading of its begin: a pace says nothing yet
  on_track,  ///< the pace suffices
  behind,    ///< the pace does not suffice
  reached,
  missed  ///< the date has passed and the target is not reached
};
/// Returns `no_data`, `begun`, `on_track`, `behind`, `reached`, `missed`.
[[nodiscard]] std::string_view to_string(GoalStanding standing);
[[nodiscard]] GoalStanding standing_of(const GoalProgress& progress);

/// What people know of a goal, so that each change is told once. Whoever is well at first sight is not news.
class GoalMemory {
 public:
  /// A value near the needed pace crosses it again and again: a change counts when it has lasted so long. What the date
  /// decides counts at once.
  static constexpr Duration kSteady{std::chrono::hours{24}};

  /// Returns true if people are to be told. `over`: the date has passed.
  [[nodiscard]] bool see(GoalStanding standing, bool over, TimePoint at);
  /// Returns what from_text() reads: `on_track`, `on_track behind 2026-11-21T09:00:00Z`, or nothing before the
  /// first sight.
  [[nodiscard]] std::string text() const;
  /// A text that is not one of text() is as good as none.
  [[nodiscard]] static GoalMemory from_text(std::string_view text);

 private:
  struct Change {
    GoalStanding to = GoalStanding::no_data;
    TimePoint since;
  };
  std::optional<GoalStanding> known_;
  std::optional<Change> waiting_;
};

/// Works out the progress at `at`.
[[nodiscard]] GoalProgress progress_of(const Goal& goal, std::optional<GoalReading> began,
                                       std::optional<GoalReading> now, TimePoint due, TimePoint at);

}  // namespace crmpulse::collector::report
