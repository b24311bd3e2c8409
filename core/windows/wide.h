#pragma once
// The one place between our texts, which are UTF-8, and the UTF-16 of Windows' wide calls.

#include <string>
#include <string_view>

namespace crmpulse::windows {

/// What is not UTF-8 (UTF-16) becomes U+FFFD.
[[nodiscard]] std::wstring to_wide(std::string_view text);
[[nodiscard]] std::string to_utf8(std::wstring_view text);

}  // namespace crmpulse::windows
