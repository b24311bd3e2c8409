#pragma once
// The one document behind every address of the page: scripts fill it. A browser without scripts is led to the plain
// page (collector/api/page.cpp).

#include <string>
#include <string_view>

#include "net/server/http_server.h"

namespace crmpulse::collector {

/// `base`: the path under which people reach the collector, `/` or `/crm/`. `plain`: the plain page of this address,
/// relative to it.
[[nodiscard]] std::string shell_text(std::string_view base, std::string_view plain);
/// Returns its answer, with the rules for what the document may load: its own files and nothing else.
[[nodiscard]] net::HttpResponse shell_answer(const net::HttpRequest& request, std::string_view base,
                                             std::string_view plain);

}  // namespace crmpulse::collector
