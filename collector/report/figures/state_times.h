#pragma once
// How long a CRM was in which condition. Pure.

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "core/time/time.h"

namespace crmpulse::collector::report {

/// What a moment counts as. Planned work is apart from everything else; what is not known is not healthy.
enum class Condition { healthy, degraded, poor, no_data, maintenance };
inline constexpr std::size_t kConditions = 5;

/// A condition that held without a break.
struct StateSpan {
  TimePoint from;
  TimePoint to;  ///< does not belong to it
  Condition condition = Condition::no_data;
  std::optional<double> score;
};

struct StateTimes {
  std::array<Duration, kConditions> times{};
  std::optional<double> score;  ///< the mean, weighted by time, of where there was one outside maintenance

  [[nodiscard]] Duration of(Condition condition) const { return times.at(static_cast<std::size_t>(condition)); }
  /// Returns the time outside maintenance of which the state is known.
  [[nodiscard]] Duration judged() const {
    return of(Condition::healthy) + of(Condition::degraded) + of(Condition::poor);
  }
};

/// Returns the sums from `from` to `to`. Spans are in order and do not overlap; time that is in none counts as without
/// data.
[[nodiscard]] StateTimes sum_states(std::span<const StateSpan> spans, TimePoint from, TimePoint to);
/// Returns the parts of the spans between `from` and `to`.
[[nodiscard]] std::vector<StateSpan> cut(std::span<const StateSpan> spans, TimePoint from, TimePoint to);

}  // namespace crmpulse::collector::report
