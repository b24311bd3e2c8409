#include "rules/time/learned_hours.h"

#include <algorithm>
#include <bit>
#include <string>
#include <string_view>

namespace crmpulse::rules {
namespace {

constexpr auto kWeek = static_cast<std::int64_t>(kHoursOfWeek);

// Tags.
constexpr std::uint32_t kOrigin = 1;
constexpr std::uint32_t kCurrentWeek = 2;
constexpr std::uint32_t kWeeksKnown = 3;
constexpr std::uint32_t kHoursSeen = 4;

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

void LearnedHours::save(FieldWriter& out) const {
  if (origin_ < 0) return;
  out.add(kOrigin, origin_);
  out.add(kCurrentWeek, week_);
  out.add(kWeeksKnown, weeks_);
  std::string bits;
  for (std::size_t hour = 0; hour < past_.size(); ++hour)
    bits.push_back(static_cast<char>(static_cast<unsigned>(past_[hour]) * 2U + (current_[hour] ? 1U : 0U)));
  out.add(kHoursSeen, bits);
}

void LearnedHours::load(FieldReader& in) {
  constexpr std::int64_t kFarthest = 1'000'000'000;  // hours: beyond it is damage
  while (in.next()) {
    if (in.tag() == kOrigin) in.read(origin_);
    if (in.tag() == kCurrentWeek) in.read(week_);
    if (in.tag() == kWeeksKnown) in.read(weeks_);
    if (in.tag() != kHoursSeen) continue;
    const std::string_view bits = in.bytes();
    for (std::size_t hour = 0; hour < std::min(past_.size(), bits.size()); ++hour) {
      const unsigned seen = static_cast<unsigned char>(bits[hour]);
      current_[hour] = (seen & 1) != 0;
      past_[hour] = static_cast<std::uint8_t>(seen >> 1U & ((1U << kWeeks) - 1));
    }
  }
  origin_ = std::clamp<std::int64_t>(origin_, -1, kFarthest);
  week_ = std::clamp<std::int64_t>(week_, 0, kFarthest);
  weeks_ = std::min<std::uint8_t>(weeks_, kWeeks);
}

}  // namespace crmpulse::rules
