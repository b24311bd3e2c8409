#pragma once
// Defines a time zone as data.

#include <chrono>
#include <string>
#include <vector>

#include "core/time/time.h"

namespace crmpulse {

/// A time zone as data: `config/zone.h` loads one by its IANA name, `rules/` only looks up.
struct Zone {
  struct Transition {
    TimePoint from;   ///< the offset holds from here on
    Duration offset;  ///< local minus UTC
    friend bool operator==(const Transition&, const Transition&) = default;
  };
  std::string name = "UTC";
  std::vector<Transition> transitions;  ///< ascending; before the first, UTC

  [[nodiscard]] Duration offset_at(TimePoint time) const;
  friend bool operator==(const Zone&, const Zone&) = default;
};

/// Returns the day of the zone's calendar that `time` lies in.
[[nodiscard]] std::chrono::sys_days local_day(const Zone& zone, TimePoint time);
/// Returns the first instant of a day of the zone's calendar: midnight or, where the clock skips that, the instant at
/// which it does. Where midnight comes twice, the first.
[[nodiscard]] TimePoint day_begin(const Zone& zone, std::chrono::sys_days day);

}  // namespace crmpulse
