#pragma once
// What a client has already (RFC 9110, 8.8.3 and 13.1.2): the ETag of an answer against a request's `If-None-Match`.

#include <string>
#include <string_view>

#include "net/server/http_server.h"

namespace crmpulse::net {

/// Returns whether an `If-None-Match` of this value names `etag`, which is written with its quotes: `*`, or a list with
/// it. Compares weakly, as a GET does: `W/"x"` is `"x"`. What is not an entity tag names nothing.
[[nodiscard]] bool names_etag(std::string_view header, std::string_view etag);

/// Returns the request's `If-None-Match`, all fields of the name as one list; empty if there is none. For answers that
/// are made when the request has gone.
[[nodiscard]] std::string if_none_match(const HttpRequest& request);

/// Returns whether the client that asks has what `etag` stands for, so that 304 without a body is its answer.
[[nodiscard]] bool has_already(const HttpRequest& request, std::string_view etag);

}  // namespace crmpulse::net
