#pragma once
// Limits how many requests a receiver gets in a time window.

#include <deque>

#include "collector/receivers/base/receiver.h"

namespace crmpulse::collector {

/// Counts what went to a receiver, so that never more than its budget goes in any stretch of that length: some vendors
/// ban whoever does. A sliding window, as a bucket that is full and being filled would let nearly twice as much
/// through.
class SendingBudget {
 public:
  /// What was sent before the start is not known: the first window has a third of the budget.
  SendingBudget(Budget budget, TimePoint now);

  [[nodiscard]] int room(TimePoint now);
  void shift(Duration by);  ///< moves all times, after the clock was corrected by so much
  void take(TimePoint now) { sent_.push_back(now); }
  /// Returns when there is room again, `now` if there is room.
  [[nodiscard]] TimePoint next(TimePoint now);
  [[nodiscard]] bool same(const Budget& other) const;

 private:
  void forget(TimePoint now);

  Budget budget_;
  std::deque<TimePoint> sent_;  ///< of the last window, oldest first
};

}  // namespace crmpulse::collector
