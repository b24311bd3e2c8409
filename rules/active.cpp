#include "rules/active.h"

namespace crmpulse::rules {
namespace {

using std::chrono::days;

constexpr Duration kDay = days{1};

/// Local wall time → instant; in the hour a clock change repeats, the earlier reading of the offset.
TimePoint instant_of(const Zone& zone, TimePoint local) {
  const TimePoint guess = local - zone.offset_at(local);
  return local - zone.offset_at(guess);
}

}  // namespace

TimePoint next_switch(const ActiveHours& hours, TimePoint time) {
  const bool now = active_at(hours, time);
  const auto today = std::chrono::floor<days>(time + hours.zone.offset_at(time));
  TimePoint best = kNever;
  for (int day = -1; day <= 8 && best == kNever; ++day) {
    const TimePoint midnight = today + kDay * day;
    // Midnight itself is a candidate: windows that touch it may begin or end with the day.
    for (const Duration clock : {Duration{0}, Duration{hours.from}, Duration{hours.to}}) {
      const TimePoint candidate = instant_of(hours.zone, midnight + clock);
      if (candidate > time && candidate < best && active_at(hours, candidate) != now) best = candidate;
    }
  }
  return best;
}

}  // namespace crmpulse::rules
