#pragma once
// What receivers over HTTP share: their address, and what a plain answer means.

#include <boost/json.hpp>
#include <chrono>
#include <string>
#include <string_view>

#include "collector/receivers/base/receiver.h"
#include "config/reader.h"
#include "core/secret.h"
#include "core/time/time.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

/// Reads `url`, `url_file`, …: an http(s) address, required, checked against the address policy (key `allow_private`).
/// Returns an empty secret after a problem. With a `fallback` the key may be left out.
[[nodiscard]] Secret read_address(config::Reader& item, std::string_view fallback = {});
inline constexpr std::string_view kJson = "application/json";
/// Some chats take JSON only with its encoding.
inline constexpr std::string_view kUtf8Json = "application/json; charset=utf-8";
/// Returns the POST of a body.
[[nodiscard]] net::ClientRequest post(const std::string& url, std::string body, std::string_view content_type);
/// Returns the JSON object that an answer is, an empty one if it is something else.
[[nodiscard]] boost::json::object answer_object(const std::string& body);
/// Returns the key of the row's subject at the other end: its own, or a digest of it if it has more than `most` bytes.
[[nodiscard]] std::string subject_key(const store::OutboxRow& row, std::size_t most);
[[nodiscard]] std::string subject_key(const std::string& dedup_key, std::size_t most);
/// The longest wait a receiver may ask for.
inline constexpr Duration kLongestWait{std::chrono::hours{1}};
/// Judges the answer of a plain HTTP endpoint. Only 410 is final: any other refusal may come from something before it
/// (an ingress without its service, a login page, a proxy), so it is tried again like a failure.
[[nodiscard]] Verdict classify_plain_http(const net::ClientResponse& response, int attempts, TimePoint wall);

}  // namespace crmpulse::collector
