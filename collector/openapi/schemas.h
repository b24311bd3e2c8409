#pragma once
// Builds the schema part of the OpenAPI description.

#include <boost/json.hpp>

#include "collector/openapi/parameters.h"

namespace crmpulse::collector {

/// What requests and answers look like, by the names that the routes use.
[[nodiscard]] boost::json::object openapi_schemas();

/// Of a `{…}` part of a path.
[[nodiscard]] boost::json::object part_schema();
[[nodiscard]] boost::json::object parameter_schema(const Parameter& parameter);
/// The request headers that samples and evidence may have, and of samples one that they must have.
void add_ingest_headers(boost::json::array& parameters, bool samples);
/// The answer's headers by which remote write 2.0 says what was written.
[[nodiscard]] boost::json::object written_headers();

}  // namespace crmpulse::collector
