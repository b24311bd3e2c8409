#include "rules/time/learned_hours.h"

#include <algorithm>
#include <bit>

namespace crmpulse::rules {
namespace {

constexpr auto kWeek = static_cast<std::int64_t>(kHoursOfWeek);

std::int64_t hour_of(TimePoint time) {
  return std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count();
}

std::size_t place_of(std::int64_t hour) {
  return static_cast<std::size_t>(hour % kWeek);
}

}  // namespace

std::int64_t LearnedHours::week_of(std::int64_t hour) const {
  return (hour - origin_) / kWeek;
}

bool LearnedHours::begin(TimePoint at) {
  if (origin_ >= 0 || at < TimePoint{}) return false;
  origin_ = hour_of(at);
  return true;
}

void LearnedHours::mark(TimePoint at) {
  if (origin_ < 0 || at < TimePoint{}) return;
  const std::int64_t hour = hour_of(at);
  if (hour >= origin_ && week_of(hour) == week_) current_.set(place_of(hour));
}

bool LearnedHours::advance(TimePoint now) {
  if (origin_ < 0 || now < week_ends()) return false;
  week_ = week_of(hour_of(now));
  if (current_.none()) return false;
  for (std::size_t hour = 0; hour < past_.size(); ++hour) {
    const unsigned shifted = (unsigned{past_[hour]} << 1U | (current_[hour] ? 1U : 0U)) & ((1U << kWeeks) - 1);
    past_[hour] = static_cast<std::uint8_t>(shifted);
  }
  current_.reset();
  weeks_ = static_cast<std::uint8_t>(std::min<int>(weeks_ + 1, kWeeks));
  return true;
}

TimePoint LearnedHours::week_ends() const {
  if (origin_ < 0) return kNever;
  return TimePoint{std::chrono::hours{origin_ + (week_ + 1) * kWeek}};
}

WeekHours LearnedHours::hours() const {
  WeekHours open;
  for (std::size_t hour = 0; hour < past_.size(); ++hour) {
    const int seen = std::popcount(past_[hour]);
    open[hour] = seen > 0 && 2 * seen >= weeks_;
  }
  return open;
}

void LearnedHours::save(Encoder& encoder) const {
  encoder.i64(origin_);
  encoder.i64(week_);
  encoder.u8(weeks_);
  for (std::size_t hour = 0; hour < past_.size(); ++hour)
    encoder.u8(static_cast<std::uint8_t>(static_cast<unsigned>(past_[hour]) * 2U + (current_[hour] ? 1U : 0U)));
}

void LearnedHours::load(Decoder& decoder) {
  origin_ = decoder.i64();
  week_ = decoder.i64();
  weeks_ = std::min<std::uint8_t>(decoder.u8(), kWeeks);
  for (std::size_t hour = 0; hour < past_.size(); ++hour) {
    const unsigned bits = decoder.u8();
    current_[hour] = (bits & 1) != 0;
    past_[hour] = static_cast<std::uint8_t>(bits >> 1U & ((1U << kWeeks) - 1));
  }
}

}  // namespace crmpulse::rules
