#pragma once
// `GET /api/v1/crms/{crm}/states`, `…/days` and `…/changes`: what a CRM's state was, and what changed around it.
// Belongs to the loop's thread; the timeline is read on the history's.

#include <functional>

#include "collector/engine/engine_loop.h"
#include "collector/history/history.h"
#include "collector/http/router.h"

namespace crmpulse::collector {

/// All of them outlive the router. `history` returns null while the history is not open yet.
void add_state_routes(Router& router, const EngineLoop& engine, std::function<History*()> history);

}  // namespace crmpulse::collector
