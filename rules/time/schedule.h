#pragma once
// Windows that come back every week in local wall time: planned maintenance. Pure.

#include <optional>

#include "core/rule.h"
#include "core/time/time.h"

namespace crmpulse::rules {

/// One window of the series: [from, to).
struct Occurrence {
  TimePoint from;
  TimePoint to;
};

/// Returns the window that holds at `time`, else the next one; nullopt if no day is chosen. The wall clock of the zone
/// decides, as in RFC 5545, 3.3.5: a time that a change of clocks repeats is its first reading; an end that it skips is
/// read with the offset before; a start that it skips is the moment of the change. So no window is empty or has a hole.
[[nodiscard]] std::optional<Occurrence> occurrence(const ActiveHours& weekly, TimePoint time);

}  // namespace crmpulse::rules
