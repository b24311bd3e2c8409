#pragma once
// What the pages share: text put into HTML.

#include <string>
#include <string_view>

namespace crmpulse::collector {

/// Returns the text for a place in HTML, between tags or in an attribute, without what cannot be seen.
[[nodiscard]] std::string escape_html(std::string_view text);
/// Returns a whole page. `depth`: how many folders lie between it and the page's style.
[[nodiscard]] std::string html_page(std::string_view title, std::string_view body, int depth = 0);

}  // namespace crmpulse::collector
