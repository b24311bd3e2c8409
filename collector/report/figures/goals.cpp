#include "collector/report/figures/goals.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace crmpulse::collector::report {
namespace {

constexpr double kWeekSeconds = 7 * 86'400;
/// With less behind it, a pace says nothing.
constexpr Duration kLeastPast{std::chrono::hours{24}};

bool good(const Goal& goal, double value) {
  return goal.at_most ? value <= goal.target : value >= goal.target;
}

/// By number.
constexpr std::array<std::string_view, 6> kStandings{"no_data", "begun", "on_track", "behind", "reached", "missed"};

std::optional<GoalStanding> standing_from(std::string_view name) {
  const auto* found = std::find(kStandings.begin(), kStandings.end(), name);
  if (found == kStandings.end()) return std::nullopt;
  return static_cast<GoalStanding>(found - kStandings.begin());
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

std::string_view to_string(GoalStanding standing) {
  return kStandings.at(static_cast<std::size_t>(standing));
}

GoalStanding standing_of(const GoalProgress& progress) {
  if (!progress.now) return GoalStanding::no_data;
  if (progress.reached) return GoalStanding::reached;
  if (progress.over) return GoalStanding::missed;
  if (!progress.on_track) return GoalStanding::begun;
  return *progress.on_track ? GoalStanding::on_track : GoalStanding::behind;
}

bool GoalMemory::see(GoalStanding standing, bool over, TimePoint at) {
  if (standing == GoalStanding::no_data || standing == GoalStanding::begun || standing == known_) {
    waiting_.reset();
    return false;
  }
  const bool first = !known_;
  if (!first && !over) {
    if (!waiting_ || waiting_->to != standing) waiting_ = Change{standing, at};
    if (at - waiting_->since < kSteady) return false;
  }
  known_ = standing;
  waiting_.reset();
  return !first || standing == GoalStanding::behind || standing == GoalStanding::missed;
}

std::string GoalMemory::text() const {
  if (!known_) return {};
  if (!waiting_) return std::string{to_string(*known_)};
  return fmt::format("{} {} {}", to_string(*known_), to_string(waiting_->to), format_time(waiting_->since));
}

GoalMemory GoalMemory::from_text(std::string_view text) {
  GoalMemory out;
  const std::size_t first = text.find(' ');
  out.known_ = standing_from(text.substr(0, first));
  if (!out.known_ || first == std::string_view::npos) return out;
  const std::string_view rest = text.substr(first + 1);
  const std::size_t second = rest.find(' ');
  const auto to = standing_from(rest.substr(0, second));
  if (!to || second == std::string_view::npos) return out;
  if (const auto since = parse_time(rest.substr(second + 1))) out.waiting_ = Change{*to, *since};
  return out;
}

}  // namespace crmpulse::collector::report
