#pragma once
// Computes when to retry a request, and reads what the other end asks for in `Retry-After`.

#include <cstdint>
#include <optional>
#include <random>
#include <string_view>

#include "core/time/time.h"

namespace crmpulse::net {

/// Exponential back-off with full jitter: a uniform wait in [0, min(cap, base·2ⁿ)], never below `floor`.
class Backoff {
 public:
  Backoff(Duration base, Duration cap, std::uint64_t seed = std::random_device{}(), Duration floor = Duration::zero())
      : base_(base), cap_(cap), floor_(floor), random_(seed) {}
  [[nodiscard]] Duration next();
  void reset() { attempt_ = 0; }
  [[nodiscard]] int attempts() const { return attempt_; }

 private:
  Duration base_;
  Duration cap_;
  Duration floor_;
  int attempt_ = 0;
  std::mt19937_64 random_;
};

/// The three forms of RFC 9110 §5.6.7: `Sat, 21 Nov 2026 09:00:00 GMT` and the two obsolete ones.
[[nodiscard]] std::optional<TimePoint> parse_http_date(std::string_view value);
/// Reads `Retry-After`: seconds or an HTTP date, clamped to [1 s, `longest`]. Returns nullopt if it is neither.
[[nodiscard]] std::optional<Duration> parse_retry_after(std::string_view value, TimePoint now,
                                                        Duration longest = std::chrono::hours{24});

}  // namespace crmpulse::net
