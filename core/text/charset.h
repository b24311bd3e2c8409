#pragma once
// Bytes in another charset than UTF-8, as the system's converter reads them.

#include <optional>
#include <string>
#include <string_view>

namespace crmpulse {

/// Returns nullopt if the bytes are not of that charset, or if this machine has no converter for it. `charset`: a name
/// that iconv knows.
[[nodiscard]] std::optional<std::string> utf8_from(std::string_view bytes, const char* charset);

}  // namespace crmpulse
