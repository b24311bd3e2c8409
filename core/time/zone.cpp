#include "core/time/zone.h"

#include <algorithm>
#include <vector>

namespace crmpulse {

Duration Zone::offset_at(TimePoint time) const {
  const auto after =
      std::upper_bound(transitions.begin(), transitions.end(), time,
                       [](TimePoint wanted, const Transition& transition) { return wanted < transition.from; });
  return after == transitions.begin() ? Duration{0} : std::prev(after)->offset;
}

std::chrono::sys_days local_day(const Zone& zone, TimePoint time) {
  return std::chrono::floor<std::chrono::days>(time + zone.offset_at(time));
}

TimePoint day_begin(const Zone& zone, std::chrono::sys_days day) {
  const TimePoint midnight{day};  // by a clock of UTC
  const TimePoint before = midnight - std::chrono::days{1};
  const TimePoint after = midnight + std::chrono::days{1};
  std::vector<TimePoint> possible{midnight - zone.offset_at(before), midnight - zone.offset_at(after)};
  for (const Zone::Transition& transition : zone.transitions) {
    if (transition.from > before && transition.from < after) {
      possible.push_back(transition.from);
      possible.push_back(midnight - transition.offset);
    }
  }
  std::sort(possible.begin(), possible.end());
  const auto first = std::find_if(possible.begin(), possible.end(),
                                  [&](TimePoint time) { return time + zone.offset_at(time) >= midnight; });
  return first == possible.end() ? midnight : *first;
}

}  // namespace crmpulse
