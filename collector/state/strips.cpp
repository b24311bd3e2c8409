#include "collector/state/strips.h"

#include <algorithm>

namespace crmpulse::collector {
namespace {

constexpr std::string_view kFromBestToWorst{"0nm12"};

char digit_of(const store::StateChange& change) {
  if (change.maintenance) return 'm';
  if (change.data_status == DataStatus::no_data || change.data_status == DataStatus::warming_up) return 'n';
  return static_cast<char>('0' + static_cast<int>(change.state));
}

char worse(char one, char other) {
  if (one == 0) return other;
  return kFromBestToWorst.find(one) < kFromBestToWorst.find(other) ? other : one;
}

std::int64_t number_of(TimePoint time) {
  return unix_millis(time) / StateStrip::kWidth.count();
}

}  // namespace

void StateStrip::add(const store::StateChange& change) {
  if (number_of(change.at) > newest_) {
    advance(change.at);
    // What begins with the half-hour leaves nothing in it of what held before.
    if (unix_millis(change.at) % kWidth.count() == 0) slot(newest_) = 0;
  }
  holds_ = digit_of(change);
  slot(newest_) = worse(slot(newest_), holds_);
}

void StateStrip::advance(TimePoint now) {
  const std::int64_t to = number_of(now);
  if (to < newest_) {
    // The half-hours of a time that is still to come are not known.
    const std::int64_t least = std::max(to, newest_ - static_cast<std::int64_t>(kSlots));
    for (std::int64_t index = newest_; index > least; --index) slot(index) = 0;
    if (to < newest_ - static_cast<std::int64_t>(kSlots)) slots_.fill(0);
    newest_ = to;
    slot(to) = worse(slot(to), holds_);
    return;
  }
  const bool first = newest_ < 0;
  std::int64_t index = std::max(newest_ + 1, to - static_cast<std::int64_t>(kSlots) + 1);
  for (; index <= to; ++index) slot(index) = first ? '\0' : holds_;
  newest_ = to;
}

std::string StateStrip::text() const {
  std::string out(kSlots, 'n');
  if (newest_ < 0) return out;
  for (std::size_t i = 0; i < kSlots; ++i) {
    const std::int64_t index = newest_ - static_cast<std::int64_t>(kSlots - 1 - i);
    const char digit = index < 0 ? '\0' : slots_[static_cast<std::size_t>(index) % kSlots];
    if (digit != 0) out[i] = digit;
  }
  return out;
}

std::string StateStrips::strip_of(std::string_view crm, TimePoint now) {
  const auto known = strips_.find(crm);
  if (known == strips_.end()) return std::string(StateStrip::kSlots, 'n');
  known->second.advance(now);
  return known->second.text();
}

}  // namespace crmpulse::collector
