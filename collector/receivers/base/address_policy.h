#pragma once
// Decides which network addresses alerts may be sent to. The policy keeps a receiver's URL from reaching internal
// services (SSRF).

#include <optional>
#include <string>

#include "core/failure/error.h"
#include "net/base/reach.h"

namespace crmpulse::collector {

/// May alerts go to this URL? http and https only. Link-local addresses (cloud metadata services) need
/// `allow_private: true`; with `allow_private: false` loopback and private addresses are refused too. Only literal
/// addresses and `localhost` can be judged before a name is looked up; forbid_by() judges the rest. Reads the URL by
/// the parser that connects, and the error says nothing of it.
[[nodiscard]] Result<void> check_address(const std::string& url, std::optional<bool> allow_private);

/// Returns the check for the address a name resolved to, which is made at each connection.
[[nodiscard]] net::Forbid forbid_by(std::optional<bool> allow_private);

}  // namespace crmpulse::collector
