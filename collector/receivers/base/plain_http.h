#pragma once
// What receivers over HTTP share: their address, and what a plain answer means.

#include <chrono>
#include <string_view>

#include "collector/receivers/base/receiver.h"
#include "config/reader.h"
#include "core/secret.h"
#include "core/time/time.h"

namespace crmpulse::collector {

/// Reads `url`, `url_file`, …: an http(s) address, required, checked against the address policy (key `allow_private`).
/// Returns an empty secret after a problem. With a `fallback` the key may be left out.
[[nodiscard]] Secret read_address(config::Reader& item, std::string_view fallback = {});
/// The longest wait a receiver may ask for.
inline constexpr Duration kLongestWait{std::chrono::hours{1}};
/// Judges the answer of a plain HTTP endpoint. Only 410 is final: any other refusal may come from something before it
/// (an ingress without its service, a login page, a proxy), so it is tried again like a failure.
[[nodiscard]] Verdict classify_plain_http(const net::ClientResponse& response, int attempts, TimePoint wall);

}  // namespace crmpulse::collector
