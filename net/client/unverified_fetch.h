#pragma once
// The one request that is sent without knowing to whom: for a public document whose hash is known beforehand. All
// others go through http_client.h, which verifies.

#include <cstddef>
#include <string>

#include "core/failure/error.h"
#include "core/time/time.h"

namespace crmpulse::net {

/// Returns the body of a GET that was answered 200. Anybody may have sent it: compare its hash before it is used for
/// anything, even to be shown. Sends no secret, follows no redirect, goes through the proxy that the environment names.
/// Error: `url` is not https, no such answer came within `timeout`, or its body is larger than `most`. Blocks.
[[nodiscard]] Result<std::string> fetch_unverified(const std::string& url, std::size_t most, Duration timeout);

}  // namespace crmpulse::net
