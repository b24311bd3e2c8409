#pragma once
// How many calls were made in the last 24 hours, in quarter hours. Pure.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "agent/quota/call_plan.h"

namespace crmpulse::agent {

/// Never counts less than what was made: the quarter hour in which the 24 hours begin counts whole.
class CallLedger {
 public:
  struct Slot {
    std::int64_t number = -1;  ///< quarter hours since the epoch
    std::array<std::int32_t, kParts> calls{};
  };

  /// `calls` may be negative: a run made fewer than were reserved for it at `at`.
  void add(TimePoint at, Part part, int calls);
  void restore(const Slot& slot);
  [[nodiscard]] std::int64_t day(TimePoint now) const;
  [[nodiscard]] std::int64_t day(TimePoint now, Part part) const;
  /// Returns the first instant at which at most `most` calls (of one part, or of all) are left in the last 24 hours if
  /// none are added.
  [[nodiscard]] TimePoint at_most(std::int64_t most, TimePoint now, std::optional<Part> part = std::nullopt) const;
  /// Returns the slots that are not empty, oldest first.
  [[nodiscard]] std::vector<Slot> slots() const;

 private:
  static constexpr std::int64_t kSlots = 97;
  std::array<Slot, kSlots> slots_{};
};

}  // namespace crmpulse::agent
