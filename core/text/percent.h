#pragma once
#include <string>
#include <string_view>

namespace crmpulse {

inline constexpr std::string_view kUnreserved = "-._~";  ///< RFC 3986, beside letters and digits

/// Everything but ASCII letters, digits and what stands in `plain` as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text, std::string_view plain = kUnreserved);

}  // namespace crmpulse
