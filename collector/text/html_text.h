#pragma once
// Puts text into HTML.

#include <string>
#include <string_view>

namespace crmpulse::collector {

/// Returns the text for a place in HTML or SVG, between tags or in an attribute, without what cannot be seen.
[[nodiscard]] std::string escape_html(std::string_view text);

}  // namespace crmpulse::collector
