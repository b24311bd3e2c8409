#include "core/time/zone.h"

#include <algorithm>

namespace crmpulse {

Duration Zone::offset_at(TimePoint time) const {
  const auto after =
      std::upper_bound(transitions.begin(), transitions.end(), time,
                       [](TimePoint wanted, const Transition& transition) { return wanted < transition.from; });
  return after == transitions.begin() ? Duration{0} : std::prev(after)->offset;
}

}  // namespace crmpulse
