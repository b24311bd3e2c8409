#pragma once
// Private to net/: text to HttpRequest and HttpResponse to text, without a connection.

#include <string>
#include <string_view>

#include "net/server/http_server.h"

namespace crmpulse::net {

/// Fills path and query from a request's target (`/a%20b?x=1`, or with scheme and host before). Returns false if
/// it is neither, or has a broken escape or control characters.
[[nodiscard]] bool parse_target(std::string_view target, HttpRequest& request);

/// `{"error":{"code":…,"message":…}}`. Both are plain words of ours: nothing in them needs escaping.
[[nodiscard]] HttpResponse error_response(int status, std::string_view code, std::string_view message);

/// Header names are words and no header breaks its line.
[[nodiscard]] bool is_sendable(const HttpResponse& response);

/// Status line and headers, with Date, Content-Length and Connection, and the empty line.
[[nodiscard]] std::string head_of(const HttpResponse& response, bool keep_alive, TimePoint now);
/// 500 for what a handler did wrong.
[[nodiscard]] HttpResponse internal_error();
/// May this status have a body at all?
[[nodiscard]] bool allows_body(int status);

}  // namespace crmpulse::net
