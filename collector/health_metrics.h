#pragma once
// Exports the state of each CRM to /metrics.

#include <memory>
#include <string_view>

#include "collector/engine_loop.h"
#include "collector/exposition.h"

namespace crmpulse::collector {

/// What the judge says of each CRM: states, dimensions, incidents, availability, latency histograms.
[[nodiscard]] std::unique_ptr<ExpositionPart> health_metrics(const EngineLoop& engine);

/// The last value of every sample of ours while it is fresh, with its time.
[[nodiscard]] std::unique_ptr<ExpositionPart> sample_metrics(const EngineLoop& engine);

/// Names that health_metrics makes; a sender's samples of the same name are not shown.
[[nodiscard]] bool is_health_metric(std::string_view name);

}  // namespace crmpulse::collector
