#pragma once
// What Windows says of a call that failed.

#include <cstdint>
#include <string>

namespace crmpulse::windows {

/// Returns "Access is denied (error 5)", in the system's language.
[[nodiscard]] std::string error_text(std::uint32_t code);
/// Of the last call on this thread.
[[nodiscard]] std::string last_error_text();

}  // namespace crmpulse::windows
