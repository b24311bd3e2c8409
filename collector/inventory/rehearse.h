#pragma once
// `POST /api/v1/rules/rehearse`: a changed rule over the stored samples of one CRM. Belongs to the loop's thread.

#include <functional>

#include "collector/backtest/rehearsals.h"
#include "collector/engine/engine_loop.h"
#include "collector/http/router.h"

namespace crmpulse::collector {

/// All of them outlive the router. `rehearsals` returns null while the store is not open yet.
void add_rehearse_route(Router& router, const EngineLoop& engine, std::function<Rehearsals*()> rehearsals);

}  // namespace crmpulse::collector
