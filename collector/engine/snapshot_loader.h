#pragma once
// Loads, at start, what the last snapshots have stored. Runs on the store's thread while the owner of the state waits.

#include "collector/engine/engine_state.h"
#include "collector/engine/fold_guard.h"

namespace crmpulse::collector {

[[nodiscard]] Result<void> load_snapshots(store::Database& database, EngineState& state, FoldGuard& guard);

}  // namespace crmpulse::collector
