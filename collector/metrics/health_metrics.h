#pragma once
#include <memory>
#include <string_view>

#include "collector/engine/engine_loop.h"
#include "collector/metrics/exposition.h"

namespace crmpulse::collector {

/// What the judge says of each CRM: states, dimensions, incidents, availability, latency histograms.
[[nodiscard]] std::unique_ptr<ExpositionPart> health_metrics(const EngineLoop& engine);

/// The last value of every sample of ours while it is fresh, with its time.
[[nodiscard]] std::unique_ptr<ExpositionPart> sample_metrics(const EngineLoop& engine);

}  // namespace crmpulse::collector
