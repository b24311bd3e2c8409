#pragma once
// Shows a person what a change of a text would be, line by line.

#include <string>
#include <string_view>

namespace crmpulse {

/// Returns the lines that go (`-`), those that come (`+`) and up to three around them (a blank before each); a line
/// `@@ LINE @@`, with its number in `after`, begins each group. Empty if both are the same. For texts of some thousand
/// lines: time grows with the product of the parts that differ.
[[nodiscard]] std::string line_diff(std::string_view before, std::string_view after);

}  // namespace crmpulse
