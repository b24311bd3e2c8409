#pragma once
// Suggests the word that was probably meant.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crmpulse::config {

/// Returns the word that was probably meant, nullopt if none is near.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

/// The end of a sentence about a word nobody knows: `; did you mean 'interval'?` when one is near, else
/// `; known: a, b, c` with all of them.
[[nodiscard]] std::string suggestion(std::string_view word, const std::vector<std::string>& known);

}  // namespace crmpulse::config
