#pragma once
// Builds the OpenAPI description of the collector's own routes.

#include <boost/json.hpp>
#include <vector>

#include "collector/http/router.h"

namespace crmpulse::collector {

/// OpenAPI 3.0.3 of these routes: addresses and roles from the router's own table, the rest from a table beside it. A
/// test holds the two together.
[[nodiscard]] boost::json::object openapi(const std::vector<Route>& routes);

}  // namespace crmpulse::collector
