#pragma once
// What a request's `Accept` and `Accept-Encoding` ask for (RFC 9110, 12.4 and 12.5).

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/server/http_server.h"

namespace crmpulse::net {

/// One element of such a header: a media range or a coding.
struct Accepted {
  std::string name;                                             ///< in lower case: `text/plain`, `gzip`, `*`
  std::vector<std::pair<std::string, std::string>> parameters;  ///< without `q`; names in lower case
  double weight = 1;                                            ///< `q`: 0 means "not this one"
  [[nodiscard]] std::string_view parameter(std::string_view wanted) const;  ///< empty if it is absent
};

/// Returns the elements of all fields of this name in their order, at most 64. One whose weight is not a number from 0
/// to 1 is left out.
[[nodiscard]] std::vector<Accepted> accepted(const HttpRequest& request, std::string_view header);

/// Returns whether an answer may be sent with `Content-Encoding: gzip` and the client likes that no less than an answer
/// without a coding.
[[nodiscard]] bool accepts_gzip(const HttpRequest& request);

}  // namespace crmpulse::net
