#pragma once
// Normalises the scheme of a URL.

#include <string>

namespace crmpulse::net {

/// `HTTPS://crm.example.com/Path` → `https://crm.example.com/Path`: schemes have no case (RFC 3986, section 3.1), and
/// everything behind this compares them in small letters.
[[nodiscard]] std::string with_lower_scheme(std::string url);

}  // namespace crmpulse::net
