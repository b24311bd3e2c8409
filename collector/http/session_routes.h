#pragma once
// The addresses by which a browser signs in and out, and learns who it is.

#include "collector/http/access.h"
#include "collector/http/router.h"

namespace crmpulse::collector {

/// Both must outlive each other's use: the routes ask `access`. Loop's thread.
void add_session_routes(Router& router, Access& access);

}  // namespace crmpulse::collector
