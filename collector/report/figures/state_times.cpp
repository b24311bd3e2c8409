#include "collector/report/figures/state_times.h"

#include <algorithm>

namespace crmpulse::collector::report {

std::vector<StateSpan> cut(std::span<const StateSpan> spans, TimePoint from, TimePoint to) {
  std::vector<StateSpan> out;
  for (StateSpan span : spans) {
    span.from = std::max(span.from, from);
    span.to = std::min(span.to, to);
    if (span.from < span.to) out.push_back(span);
  }
  return out;
}

StateTimes sum_states(std::span<const StateSpan> spans, TimePoint from, TimePoint to) {
  StateTimes sums;
  if (to <= from) return sums;
  Duration known{};
  Duration scored{};
  double points = 0;
  for (const StateSpan& span : cut(spans, from, to)) {
    const Duration length = span.to - span.from;
    sums.times.at(static_cast<std::size_t>(span.condition)) += length;
    known += length;
    const bool counts = span.condition != Condition::maintenance && span.condition != Condition::no_data;
    if (!counts || !span.score) continue;
    scored += length;
    points += *span.score * to_seconds(length);
  }
  sums.times.at(static_cast<std::size_t>(Condition::no_data)) += (to - from) - known;
  if (scored > Duration{0}) sums.score = points / to_seconds(scored);
  return sums;
}

}  // namespace crmpulse::collector::report
