#pragma once
// The shapes of HTTP answers.

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "core/failure/error.h"
#include "net/server/http_server.h"

namespace crmpulse::collector {

[[nodiscard]] net::HttpResponse json_answer(const boost::json::value& body, int status = 200);
[[nodiscard]] net::HttpResponse text_answer(std::string body,
                                            std::string_view content_type = "text/plain; charset=utf-8");
/// `{"error":{"code":…,"message":…,"field":…}}`; `field` only when given.
[[nodiscard]] net::HttpResponse error_answer(int status, std::string_view code, std::string_view message,
                                             std::string_view field = {});
/// 503 with Retry-After: full or out of order for a moment.
[[nodiscard]] net::HttpResponse busy_answer(std::string_view message, int retry_after_seconds = 1);

}  // namespace crmpulse::collector
