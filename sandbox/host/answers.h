#pragma once
// Answers of the demo's own addresses (`/_sandbox/…`), for sandbox/host itself.

#include <boost/json.hpp>
#include <string_view>

#include "net/server/http_server.h"

namespace crmpulse::sandbox {

[[nodiscard]] net::HttpResponse json_answer_of(int status, const boost::json::value& value);
/// `{"error": {"code": …, "message": …}}`, with the `field` that is wrong if there is one.
[[nodiscard]] net::HttpResponse problem(int status, std::string_view code, std::string_view message,
                                        std::string_view field = {});

}  // namespace crmpulse::sandbox
