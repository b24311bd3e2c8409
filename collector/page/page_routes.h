#pragma once
// The addresses of the page: each gives the same document, which asks the API for what the address is about.

#include <functional>
#include <string>

#include "collector/http/router.h"

namespace crmpulse::collector {

/// `external_url`: how people reach the collector, for the path in it; asked at each request. Loop's thread. Anybody
/// may load the page: what it shows comes from the API, which asks who they are.
void add_page_routes(Router& router, std::function<std::string()> external_url);

}  // namespace crmpulse::collector
