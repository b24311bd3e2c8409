#pragma once
// What the query of a route may hold: one table for the requests that are checked and for the document that describes
// them.

#include <optional>
#include <span>
#include <string_view>

#include "collector/http/router.h"

namespace crmpulse::collector {

/// A query parameter of a route.
struct Parameter {
  enum class Kind {
    text,
    count,  ///< a whole number from 1 to kMostCount
    time,   ///< RFC 3339
    duration,
    choice  ///< one of `choices`
  };
  std::string_view name;
  Kind kind = Kind::text;
  std::string_view about;
  std::string_view choices = {};  ///< `open|resolved`
};
inline constexpr int kMostCount = 1000;
/// Characters of a parameter's value and of a `{…}` part of a path; a label has no more bytes.
inline constexpr std::size_t kLongestParameter = 1024;

/// Returns the parameters that a route knows (routes.cpp).
[[nodiscard]] std::span<const Parameter> parameters_of(const Route& route);

/// Returns 400 if a part of the path or a parameter that the route knows is empty, there twice, too long or not plain
/// text, or not of its kind. Parameters that the route does not know are passed over. The route is known.
[[nodiscard]] std::optional<net::HttpResponse> refuse_parameters(const Request& request);

}  // namespace crmpulse::collector
