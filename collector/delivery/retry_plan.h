#pragma once
// Computes when a message that could not be delivered is sent again.

#include <optional>
#include <random>

#include "core/time/time.h"

namespace crmpulse::collector {

/// When an undelivered message is tried again. First hour: full jitter, base 1 s doubling, at most 5 min; then every
/// 15 min; after 24 h never. What the receiver asked for (clamped by its classify()) wins.
class RetryPlan {
 public:
  explicit RetryPlan(std::uint64_t seed = std::random_device{}()) : random_(seed) {}
  /// Returns the wait until the next attempt, nullopt if it must be given up. `attempts` includes the one that just
  /// failed.
  [[nodiscard]] std::optional<Duration> next(int attempts, Duration age, std::optional<Duration> asked);

 private:
  std::mt19937_64 random_;
};

}  // namespace crmpulse::collector
