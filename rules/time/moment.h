#pragma once
// Small helpers about instants that may be absent. A sentinel instead of std::optional keeps the hot structures plain.

#include <algorithm>

#include "core/time/time.h"

namespace crmpulse::rules {

inline constexpr TimePoint kUnset = TimePoint::min();  ///< "has not happened"
inline constexpr TimePoint kNever = TimePoint::max();  ///< "will not happen by itself"

[[nodiscard]] constexpr bool is_set(TimePoint time) {
  return time != kUnset;
}

/// Returns the same moment on a clock that was corrected by `by`. kUnset, kNever and 0 stay what they are.
[[nodiscard]] constexpr TimePoint shifted(TimePoint time, Duration by) {
  return time == kUnset || time == kNever || time == TimePoint{} ? time : time + by;
}

}  // namespace crmpulse::rules
