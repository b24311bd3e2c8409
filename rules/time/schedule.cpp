#include "rules/time/schedule.h"

#include <algorithm>

namespace crmpulse::rules {
namespace {

using std::chrono::days;

constexpr Duration kDay = days{1};

enum class Skipped { offset_before, moment_of_change };

/// Local wall time → instant. No zone changes its clock twice within two days.
TimePoint instant_of(const Zone& zone, TimePoint local, Skipped skipped) {
  const Duration before = zone.offset_at(local - kDay);
  const Duration after = zone.offset_at(local + kDay);
  const TimePoint first = local - before;
  if (before == after || zone.offset_at(first) == before) return first;
  const TimePoint second = local - after;
  if (zone.offset_at(second) == after) return second;
  if (skipped == Skipped::offset_before) return first;
  const auto later = std::upper_bound(zone.transitions.begin(), zone.transitions.end(), first,
                                      [](TimePoint time, const Zone::Transition& jump) { return time < jump.from; });
  return later == zone.transitions.begin() ? first : std::prev(later)->from;
}

bool on_day(const ActiveHours& weekly, std::chrono::sys_days day) {
  const unsigned weekday = std::chrono::weekday{day}.iso_encoding() - 1;  // 0 is Monday
  return (weekly.days >> weekday & 1) != 0;
}

}  // namespace

std::optional<Occurrence> occurrence(const ActiveHours& weekly, TimePoint time) {
  const auto today = std::chrono::floor<days>(time + weekly.zone.offset_at(time));
  const Duration length = weekly.from < weekly.to ? weekly.to - weekly.from : weekly.to - weekly.from + kDay;
  // A window over midnight began yesterday; a change of clocks may move that by one more day.
  for (int step = -2; step <= 8; ++step) {
    const auto day = today + days{step};
    if (!on_day(weekly, day)) continue;
    const TimePoint begins = TimePoint{day} + weekly.from;
    const TimePoint to = instant_of(weekly.zone, begins + length, Skipped::offset_before);
    if (to > time) return Occurrence{instant_of(weekly.zone, begins, Skipped::moment_of_change), to};
  }
  return std::nullopt;
}

}  // namespace crmpulse::rules
