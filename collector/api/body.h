#pragma once
// The body of a request that changes something, and how it is refused.

#include <boost/json.hpp>
#include <boost/system/result.hpp>

#include "collector/suppression/text.h"
#include "net/server/http_server.h"

namespace crmpulse::collector {

/// Returns the body as an object, or the answer that says why not. Only JSON is taken: a page of another site can send
/// a browser's form, but not this type, without being asked.
[[nodiscard]] boost::system::result<boost::json::object, net::HttpResponse> read_body(const net::HttpRequest& request);
/// 400 with the field that is to blame.
[[nodiscard]] net::HttpResponse wrong_field(const FieldError& error);
/// Returns the list `crms` of the body, an empty one if it is absent or null.
[[nodiscard]] Checked<std::vector<std::string>> read_crms(const boost::json::object& body);
/// Returns who acts: `author` of the body, by default `who`, the token's name.
[[nodiscard]] Checked<std::string> read_author(const boost::json::object& body, const std::string& who);

}  // namespace crmpulse::collector
