#pragma once
// Text in the columns of a terminal, where a Chinese character takes two.

#include <string>
#include <string_view>
#include <vector>

namespace crmpulse {

/// Returns the columns a terminal needs for `text`, which holds no escape sequence.
[[nodiscard]] int display_width(std::string_view text);
/// Pads or cuts to exactly `width` columns.
[[nodiscard]] std::string fit(std::string_view text, int width);
/// Like fit(), but what is cut ends in `…`.
[[nodiscard]] std::string shortened(std::string_view text, int width);
/// Lines of at most `width` columns, broken at blanks where there are any (Chinese has none); later lines are indented
/// like the first and two columns more.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, int width);

}  // namespace crmpulse
