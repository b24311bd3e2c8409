#pragma once
// Small helpers about instants that may be absent. A sentinel instead of std::optional keeps the hot structures plain.

#include <algorithm>

#include "core/time.h"

namespace crmpulse::rules {

inline constexpr TimePoint kUnset = TimePoint::min();  ///< "has not happened"
inline constexpr TimePoint kNever = TimePoint::max();  ///< "will not happen by itself"

[[nodiscard]] constexpr bool is_set(TimePoint time) {
  return time != kUnset;
}

}  // namespace crmpulse::rules
