#include "agent/quota/call_ledger.h"

#include <algorithm>
#include <numeric>

namespace crmpulse::agent {
namespace {

constexpr Duration kSlotWidth{std::chrono::minutes{15}};
constexpr std::int64_t kADay = std::chrono::hours{24} / kSlotWidth;

std::int64_t number_of(TimePoint at) {
  return std::max<std::int64_t>(0, at.time_since_epoch() / kSlotWidth);
}

std::int64_t sum_of(const CallLedger::Slot& slot, std::optional<Part> part) {
  if (part) return slot.calls[static_cast<std::size_t>(*part)];
  return std::accumulate(slot.calls.begin(), slot.calls.end(), std::int64_t{0});
}

}  // namespace

void CallLedger::add(TimePoint at, Part part, int calls) {
  const std::int64_t number = number_of(at);
  Slot& slot = slots_[static_cast<std::size_t>(number % kSlots)];
  // A slot of the future stays: the clock has gone back, and what was made was made.
  if (slot.number < number) slot = {number, {}};
  std::int32_t& count = slot.calls[static_cast<std::size_t>(part)];
  count = std::max(0, count + calls);
}

void CallLedger::restore(const Slot& slot) {
  if (slot.number >= 0) slots_[static_cast<std::size_t>(slot.number % kSlots)] = slot;
}

std::int64_t CallLedger::day(TimePoint now) const {
  std::int64_t sum = 0;
  for (const Slot& slot : slots_) {
    if (slot.number >= number_of(now) - kADay) sum += sum_of(slot, std::nullopt);
  }
  return sum;
}

std::int64_t CallLedger::day(TimePoint now, Part part) const {
  std::int64_t sum = 0;
  for (const Slot& slot : slots_) {
    if (slot.number >= number_of(now) - kADay) sum += sum_of(slot, part);
  }
  return sum;
}

TimePoint CallLedger::at_most(std::int64_t most, TimePoint now, std::optional<Part> part) const {
  std::int64_t left = part ? day(now, *part) : day(now);
  if (left <= most) return now;
  for (const Slot& slot : slots()) {
    if (slot.number < number_of(now) - kADay) continue;
    left -= sum_of(slot, part);
    if (left <= most) return TimePoint{(slot.number + kADay + 1) * kSlotWidth};
  }
  return now + std::chrono::hours{24};
}

std::vector<CallLedger::Slot> CallLedger::slots() const {
  std::vector<Slot> out;
  for (const Slot& slot : slots_) {
    if (slot.number >= 0 && sum_of(slot, std::nullopt) > 0) out.push_back(slot);
  }
  std::sort(out.begin(), out.end(), [](const Slot& a, const Slot& b) { return a.number < b.number; });
  return out;
}

}  // namespace crmpulse::agent
