#pragma once
// Host names beyond ASCII (`bücher.example`): on the wire they are punycode (RFC 5891), and what is configured is
// written so, since TLS, proxies and databases compare names byte by byte.

#include <optional>
#include <string>
#include <string_view>

#include "core/failure/error.h"

namespace crmpulse::net {

/// `xn--bcher-kva.example`; an ASCII name as it is. An error for what cannot be a name.
[[nodiscard]] Result<std::string> ascii_host(std::string_view utf8_host);

/// Returns why a host cannot stay as it is, and what to write instead; nullopt if it is ASCII.
[[nodiscard]] std::optional<std::string> host_fault(std::string_view host);

}  // namespace crmpulse::net
