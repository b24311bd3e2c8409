#pragma once
#include <optional>

#include "core/rule.h"
#include "rules/window/pauses.h"
#include "rules/window/window.h"

namespace crmpulse::rules {

/// The value of a rule's aggregator over its window at `at`, or nothing when there is no data to judge by: fewer
/// samples than `min_samples`, a quantile of too few, a share of nothing.
[[nodiscard]] std::optional<double> aggregate(const Rule& rule, const Window& window, TimePoint at,
                                              const RuleClock& clock = kAlways);

}  // namespace crmpulse::rules
