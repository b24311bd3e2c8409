#pragma once
// What the description says of each route beside its address and role: one table, held against the router's own by a
// test.

#include <string_view>
#include <vector>

#include "collector/openapi/parameters.h"

namespace crmpulse::collector {

struct RouteText {
  std::string_view method;
  std::string_view path;
  std::string_view summary;
  int status = 200;
  std::string_view answer;  ///< schema of the answer; or a media type, with a slash
  std::vector<Parameter> parameters;
  std::string_view body;      ///< schema, or media type, of the request
  std::vector<int> failures;  ///< beside 400, 401 and 403 of routes with a role, 404 of a path with parts, 503
};

/// Returns what is said of a route, null if the table does not know it.
[[nodiscard]] const RouteText* text_of(const Route& route);

}  // namespace crmpulse::collector
