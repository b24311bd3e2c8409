#pragma once
// `GET /api/v1/crms/{crm}/history`: points for charts. Belongs to the loop's thread.

#include "collector/engine/engine_loop.h"
#include "collector/history/history.h"
#include "collector/http/router.h"

namespace crmpulse::collector {

/// All of them outlive the router. `history` returns null while the history is not open yet.
void add_history_route(Router& router, const EngineLoop& engine, std::function<History*()> history);

}  // namespace crmpulse::collector
