#pragma once
// What receivers over HTTP share: their address, and what a plain answer means.

#include <chrono>
#include <string_view>

#include "collector/receivers/base/receiver.h"
#include "config/reader.h"
#include "core/secret.h"
#include "core/time/time.h"

namespace crmpulse::collector {

/// `url`, `url_file`, …: an http(s) address, required, checked against the address policy (key `allow_private`). Empty
/// after a problem. With a `fallback` the key may be left out.
[[nodiscard]] Secret read_address(config::Reader& item, std::string_view fallback = {});
/// The longest wait a receiver may ask for.
inline constexpr Duration kLongestWait{std::chrono::hours{1}};
/// What a plain HTTP endpoint means by its answer. Only 410 is for good: whatever else is refused may be said by
/// something before it (an ingress without its service, a login page, a proxy), so it is tried again like what fails.
[[nodiscard]] Verdict classify_plain_http(const net::ClientResponse& response, int attempts, TimePoint wall);

}  // namespace crmpulse::collector
