#pragma once
// What the pages share.

#include <string>
#include <string_view>

#include "collector/text/html_text.h"

namespace crmpulse::collector {

/// Returns a whole page. `depth`: how many folders lie between it and the page's style.
[[nodiscard]] std::string html_page(std::string_view title, std::string_view body, int depth = 0);

}  // namespace crmpulse::collector
