#include "rules/window/pauses.h"

#include <algorithm>

namespace crmpulse::rules {
namespace {

constexpr Duration kNight = std::chrono::hours{6};  ///< a break so long ends a working day

/// The closing time of the working day that `time` lies in, or lies behind; kNever when the days have no end.
TimePoint day_ends(const Calendar& hours, TimePoint time) {
  constexpr int kMostBreaks = 24;
  for (int i = 0; i < kMostBreaks; ++i) {
    const TimePoint closes = hours.open_at(time) ? hours.next_switch(time) : time;
    const TimePoint opens = closes == kNever ? kNever : hours.next_switch(closes);
    if (opens == kNever || opens - closes >= kNight) return closes;
    time = opens;
  }
  return kNever;
}

/// Of the open time from `from` to `to` that of the first working day which begins in it.
Duration first_day(const Calendar& hours, TimePoint from, TimePoint to) {
  if (to - from < kNight) return Duration{0};
  const TimePoint evening = day_ends(hours, from);
  const TimePoint morning = evening < to ? hours.next_switch(evening) : kNever;
  return morning < to ? hours.open_between(morning, std::min(to, day_ends(hours, morning))) : Duration{0};
}

}  // namespace

void Pauses::begin(TimePoint at) {
  if (on()) return;
  if (spans_.size() >= kMost) spans_.erase(spans_.begin());
  spans_.push_back({at, kNever});
}

void Pauses::end(TimePoint at) {
  if (!on()) return;
  spans_.back().to = at;
  if (spans_.back().to <= spans_.back().from) spans_.pop_back();
}

Duration Pauses::within(const Calendar* hours, TimePoint from, TimePoint to) const {
  Duration sum{0};
  for (auto span = spans_.rbegin(); span != spans_.rend() && span->to > from; ++span) {
    const TimePoint begin = std::max(from, span->from);
    const TimePoint end = std::min(to, span->to);
    if (begin < end) sum += hours != nullptr ? hours->open_between(begin, end) : end - begin;
  }
  return sum;
}

void Pauses::shift(Duration by) {
  for (Span& span : spans_) {
    span.from = shifted(span.from, by);
    span.to = shifted(span.to, by);
  }
}

Duration RuleClock::between(TimePoint from, TimePoint to) const {
  if (to <= from) return Duration{0};
  Duration open = hours != nullptr ? hours->open_between(from, to) : to - from;
  if (learned && hours != nullptr) open -= first_day(*hours, from, to);
  if (pauses != nullptr) open -= pauses->within(hours, from, to);
  return std::max(open, Duration{0});
}

TimePoint RuleClock::reaches(TimePoint from, Duration needed) const {
  if (pauses != nullptr && pauses->on()) return kNever;
  return hours != nullptr ? hours->reaches(from, needed) : from + needed;
}

}  // namespace crmpulse::rules
