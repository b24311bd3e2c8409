#include "core/time/calendar.h"

#include <algorithm>

namespace crmpulse {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr Duration kDay = days{1};
constexpr Duration kWeek = kDay * 7;
constexpr int kMostSteps = 64;  ///< of reaches(): more than three months of working days

/// The week `local` lies in.
std::int64_t week_of(Duration local) {
  return std::chrono::floor<std::chrono::duration<std::int64_t, std::chrono::weeks::period>>(local).count();
}

/// How much of the spans lies before `place`.
template <class Spans>
Duration before(const Spans& spans, Duration place) {
  const auto after = std::upper_bound(spans.begin(), spans.end(), place,
                                      [](Duration wanted, const auto& span) { return wanted < span.from; });
  if (after == spans.begin()) return Duration{0};
  const auto& span = *std::prev(after);
  return span.before + std::min(place, span.to) - span.from;
}

template <class Spans>
bool holds(const Spans& spans, Duration place) {
  const auto after = std::upper_bound(spans.begin(), spans.end(), place,
                                      [](Duration wanted, const auto& span) { return wanted < span.from; });
  return after != spans.begin() && place < std::prev(after)->to;
}

/// Returns the first beginning or end of a span after `place`, Duration::max() if there is none.
template <class Spans>
Duration edge_after(const Spans& spans, Duration place) {
  const auto later = std::upper_bound(spans.begin(), spans.end(), place,
                                      [](Duration wanted, const auto& span) { return wanted < span.to; });
  if (later == spans.end()) return Duration::max();
  return later->from > place ? later->from : later->to;
}

Duration local_day(std::chrono::sys_days day) {
  return Duration{day.time_since_epoch()};
}

}  // namespace

Calendar::Calendar(ActiveHours hours) : zone_(std::move(hours.zone)) {
  const Duration length = hours.from < hours.to ? hours.to - hours.from : hours.to - hours.from + kDay;
  const auto begins_on = [&](std::chrono::sys_days day) {
    return (hours.days >> (std::chrono::weekday{day}.iso_encoding() - 1) & 1) != 0;
  };
  for (int day = 0; day < 7; ++day) {
    if (begins_on(std::chrono::sys_days{days{day}})) add(kDay * day + hours.from, length);
  }
  finish();
  for (const std::chrono::sys_days day : hours.holidays) {
    if (!begins_on(day)) continue;
    const Duration from = local_day(day) + hours.from;
    const Duration known = holidays_.empty() ? Duration{0} : holidays_.back().before + length;
    holidays_.push_back({from, from + length, known});
  }
}

Calendar::Calendar(const WeekHours& open) {
  for (std::size_t hour = 0; hour < open.size(); ++hour) {
    if (open[hour]) add(Duration{hours{hour}}, Duration{hours{1}});
  }
  finish();
}

/// What goes over the end of the week goes on at its beginning.
void Calendar::add(Duration from, Duration length) {
  const Duration to = from + length;
  if (from < kWeek) week_.push_back({from, std::min(to, kWeek), {}});
  if (to > kWeek) week_.push_back({std::max(from, kWeek) - kWeek, to - kWeek, {}});
}

void Calendar::finish() {
  std::sort(week_.begin(), week_.end(), [](const Span& a, const Span& b) { return a.from < b.from; });
  std::vector<Span> apart;
  for (const Span& span : week_) {
    if (!apart.empty() && span.from <= apart.back().to) {
      apart.back().to = std::max(apart.back().to, span.to);
    } else {
      apart.push_back(span);
    }
  }
  week_ = std::move(apart);
  for (Span& span : week_) {
    span.before = total_;
    total_ += span.to - span.from;
  }
}

/// Open local time since the epoch.
Duration Calendar::opened(Duration local) const {
  const std::int64_t week = week_of(local);
  return total_ * week + before(week_, local - kWeek * week) - before(holidays_, local);
}

bool Calendar::open_locally(Duration local) const {
  return holds(week_, local - kWeek * week_of(local)) && !holds(holidays_, local);
}

/// Where open_locally() may change next.
Duration Calendar::next_edge(Duration local) const {
  if (week_.empty()) return Duration::max();
  const Duration week = kWeek * week_of(local);
  Duration edge = edge_after(week_, local - week);
  edge = edge == Duration::max() ? week + kWeek : week + edge;
  return std::min(edge, edge_after(holidays_, local));
}

/// When the zone's clock changes next.
TimePoint Calendar::offset_until(TimePoint time) const {
  const auto after =
      std::upper_bound(zone_.transitions.begin(), zone_.transitions.end(), time,
                       [](TimePoint wanted, const Zone::Transition& jump) { return wanted < jump.from; });
  return after == zone_.transitions.end() ? kNever : after->from;
}

bool Calendar::open_at(TimePoint time) const {
  return open_locally(time.time_since_epoch() + zone_.offset_at(time));
}

Duration Calendar::open_between(TimePoint from, TimePoint to) const {
  Duration open{0};
  while (from < to) {
    const Duration offset = zone_.offset_at(from);
    const TimePoint until = std::min(to, offset_until(from));
    open += opened(until.time_since_epoch() + offset) - opened(from.time_since_epoch() + offset);
    from = until;
  }
  return open;
}

TimePoint Calendar::next_switch(TimePoint time) const {
  const bool now = open_at(time);
  // Behind the last holiday every week is like this one.
  const TimePoint end = time + kDay * 9 + kDay * static_cast<std::int64_t>(holidays_.size());
  for (TimePoint from = time; from < end;) {
    const Duration offset = zone_.offset_at(from);
    const TimePoint until = offset_until(from);
    const TimePoint edge = [&] {
      const Duration local = next_edge(from.time_since_epoch() + offset);
      return local == Duration::max() ? kNever : TimePoint{local - offset};
    }();
    from = std::min(edge, until);
    if (from == kNever) break;
    if (open_at(from) != now) return from;
  }
  return kNever;
}

TimePoint Calendar::reaches(TimePoint from, Duration needed) const {
  if (needed <= Duration{0}) return from;
  for (int step = 0; step < kMostSteps; ++step) {
    const TimePoint next = next_switch(from);
    if (open_at(from)) {
      if (next == kNever || needed <= next - from) return from + needed;
      needed -= next - from;
    } else if (next == kNever) {
      return kNever;
    }
    from = next;
  }
  return from;
}

}  // namespace crmpulse
