#include "collector/delivery/sending_budget.h"

#include <algorithm>

namespace crmpulse::collector {

SendingBudget::SendingBudget(Budget budget, TimePoint now) : budget_(budget) {
  budget_.messages = std::max(budget_.messages, 1);
  const int at_first = (budget_.messages + 2) / 3;
  for (int unknown = at_first; unknown < budget_.messages; ++unknown) take(now);
}

void SendingBudget::forget(TimePoint now) {
  while (!sent_.empty() && now - sent_.front() >= budget_.per) sent_.pop_front();
}

void SendingBudget::shift(Duration by) {
  for (TimePoint& at : sent_) at += by;
}

int SendingBudget::room(TimePoint now) {
  forget(now);
  return std::max(0, budget_.messages - static_cast<int>(sent_.size()));
}

TimePoint SendingBudget::next(TimePoint now) {
  return room(now) > 0 ? now : sent_.front() + budget_.per;
}

bool SendingBudget::same(const Budget& other) const {
  return budget_.messages == std::max(other.messages, 1) && budget_.per == other.per;
}

}  // namespace crmpulse::collector
