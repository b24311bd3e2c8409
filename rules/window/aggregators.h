#pragma once
// Computes the value of a rule from the samples in its window (avg, p95, ratio, …).

#include <optional>

#include "core/rule.h"
#include "rules/window/pauses.h"
#include "rules/window/window.h"

namespace crmpulse::rules {

/// Returns the value of a rule's aggregator over its window at `at`, nullopt if there is not enough data: fewer samples
/// than `min_samples`, a quantile of too few, a share of nothing.
[[nodiscard]] std::optional<double> aggregate(const Rule& rule, const Window& window, TimePoint at,
                                              const RuleClock& clock = kAlways);

}  // namespace crmpulse::rules
