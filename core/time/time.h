#pragma once
// Time as everybody here speaks it. Durations are milliseconds; instants are milliseconds since the Unix epoch.
// Latencies inside a probe use std::chrono::steady_clock and become seconds (double) in a Sample.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/failure/error.h"

namespace crmpulse {

using Duration = std::chrono::milliseconds;
using TimePoint = std::chrono::sys_time<Duration>;

/// `500ms`, `30s`, `5m`, `24h`, `7d`; several units may follow each other: `1h30m`. No sign, no blanks.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
/// The shortest exact form parse_duration reads back: 90000 ms → `1m30s`.
[[nodiscard]] std::string format_duration(Duration duration);

/// RFC 3339, UTC or with an offset, fraction optional: `2026-11-21T09:00:00Z`.
[[nodiscard]] Result<TimePoint> parse_time(std::string_view text);
/// RFC 3339 UTC; milliseconds are written only when not zero.
[[nodiscard]] std::string format_time(TimePoint time);

[[nodiscard]] constexpr double to_seconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1000.0;
}
[[nodiscard]] constexpr TimePoint from_unix_millis(std::int64_t millis) {
  return TimePoint{Duration{millis}};
}
[[nodiscard]] constexpr std::int64_t unix_millis(TimePoint time) {
  return time.time_since_epoch().count();
}

}  // namespace crmpulse
