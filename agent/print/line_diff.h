#pragma once
// What changed between two texts, as `diff -u` shows it.

#include <string>
#include <string_view>

namespace crmpulse::agent {

/// Returns the change as one hunk with three lines around it, empty if there is none. Of two changes far apart all
/// between them is part of it. `file` stands above.
[[nodiscard]] std::string line_diff(std::string_view before, std::string_view after, std::string_view file);

}  // namespace crmpulse::agent
