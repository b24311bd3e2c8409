#pragma once
// Exports the state of each CRM to /metrics.

#include <memory>
#include <string_view>

#include "collector/engine/engine_loop.h"
#include "collector/metrics/exposition.h"

namespace crmpulse::collector {

/// Writes the verdict on each CRM: states, dimensions, incidents, availability, latency histograms.
[[nodiscard]] std::unique_ptr<ExpositionPart> health_metrics(const EngineLoop& engine, PageFormat format);

/// Writes the last value of every known series while it is fresh, with its time.
[[nodiscard]] std::unique_ptr<ExpositionPart> sample_metrics(const EngineLoop& engine, PageFormat format);

}  // namespace crmpulse::collector
