#pragma once
// Finds members of JSON objects that stand there twice: a reader takes the last, a proxy before it perhaps the first.

#include <optional>
#include <string>
#include <string_view>

namespace crmpulse::collector {

/// Returns the name of the first member, of whatever object in the text, that its object had before; nullopt also if
/// the text is not JSON.
[[nodiscard]] std::optional<std::string> repeated_member(std::string_view text);

}  // namespace crmpulse::collector
