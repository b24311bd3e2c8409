#pragma once
// Exports how the goals of CRMs stand to /metrics.

#include <memory>

#include "collector/engine/engine_loop.h"
#include "collector/metrics/exposition.h"
#include "collector/report/goal_keeper.h"

namespace crmpulse::collector {

/// Writes the progress of each goal and whether it is on track, as the keeper worked them out last. What is not known
/// has no line.
[[nodiscard]] std::unique_ptr<ExpositionPart> goal_metrics(const EngineLoop& engine, const GoalKeeper& keeper,
                                                           PageFormat format);

}  // namespace crmpulse::collector
