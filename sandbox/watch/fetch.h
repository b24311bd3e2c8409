#pragma once
// Fetches JSON over HTTP and waits for it.

#include <boost/json/value.hpp>
#include <string>

#include "core/failure/error.h"
#include "net/client/http_client.h"

namespace crmpulse::sandbox {

/// One exchange, waited for. For the watcher's own thread only.
[[nodiscard]] Result<boost::json::value> fetch_json(net::HttpClient& client, const std::string& method,
                                                    const std::string& url, const std::string& body = {});

}  // namespace crmpulse::sandbox
