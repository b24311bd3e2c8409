#pragma once
// Builds the schema part of the OpenAPI description.

#include <boost/json.hpp>

namespace crmpulse::collector {

/// What requests and answers look like, by the names that the routes use.
[[nodiscard]] boost::json::object openapi_schemas();

}  // namespace crmpulse::collector
