#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace crmpulse {

inline constexpr std::string_view kUnreserved = "-._~";  ///< RFC 3986, beside letters and digits

/// Everything but ASCII letters, digits and what stands in `plain` as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text, std::string_view plain = kUnreserved);
/// Returns the text without its %XX, nullopt if one of them is broken. In forms and queries a `+` is a blank.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank = false);

}  // namespace crmpulse
