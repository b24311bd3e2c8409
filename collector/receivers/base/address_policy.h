#pragma once
// Decides which network addresses alerts may be sent to. The policy keeps a receiver's URL from reaching internal
// services (SSRF).

#include <optional>
#include <string_view>

#include "core/failure/error.h"
#include "net/base/reach.h"

namespace crmpulse::collector {

/// May alerts go to this URL? http and https only. Link-local addresses (cloud metadata services) need
/// `allow_private: true`; with `allow_private: false` loopback and private addresses are refused too. Only literal
/// addresses and `localhost` can be judged before a name is looked up; forbid_by() judges the rest.
[[nodiscard]] Result<void> check_address(std::string_view url, std::optional<bool> allow_private);

/// Returns the check for the address a name resolved to, which is made at each connection.
[[nodiscard]] net::Forbid forbid_by(std::optional<bool> allow_private);

/// `https://host:port` without user, path, query: what may stand in a log.
[[nodiscard]] std::string_view origin_of(std::string_view url);

}  // namespace crmpulse::collector
