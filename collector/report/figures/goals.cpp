#include "collector/report/figures/goals.h"

#include <algorithm>

namespace crmpulse::collector::report {
namespace {

constexpr double kWeekSeconds = 7 * 86'400;
/// With less behind it, a pace says nothing.
constexpr Duration kLeastPast{std::chrono::hours{24}};

bool good(const Goal& goal, double value) {
  return goal.at_most ? value <= goal.target : value >= goal.target;
}

}  // namespace

GoalProgress progress_of(const Goal& goal, std::optional<GoalReading> began, std::optional<GoalReading> now,
                         TimePoint due, TimePoint at) {
  GoalProgress out;
  out.goal = goal;
  out.began = began;
  out.now = now;
  out.due = due;
  out.over = at >= due;
  if (!now) return out;
  out.reached = good(goal, now->value);
  if (out.reached) out.on_track = true;
  if (out.over && !out.reached) out.on_track = false;
  if (!out.reached && !out.over) out.pace_needed = (goal.target - now->value) / to_seconds(due - at) * kWeekSeconds;
  if (!began) return out;
  const double way = goal.target - began->value;
  // A baseline beyond the target leaves no way to go: there is only reached or not.
  if (way != 0 && (way > 0) != goal.at_most) out.progress = (now->value - began->value) / way;
  if (at - began->at < kLeastPast) return out;
  out.pace = (now->value - began->value) / to_seconds(at - began->at) * kWeekSeconds;
  if (out.on_track || !out.pace_needed) return out;
  out.on_track = goal.at_most ? *out.pace <= *out.pace_needed : *out.pace >= *out.pace_needed;
  return out;
}

}  // namespace crmpulse::collector::report
