#pragma once
// Wraps the digests and base64 of OpenSSL that users of HTTP need: SHA-256, HMAC. Not related to the event `digest`.

#include <optional>
#include <string>
#include <string_view>

namespace crmpulse::net {

[[nodiscard]] std::string base64_encode(std::string_view bytes);
/// Strict: padding where it belongs, nothing else in between.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);
/// RFC 7515: `-` and `_`, without padding.
[[nodiscard]] std::string base64url(std::string_view bytes);
/// 32 bytes each.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view message);
[[nodiscard]] std::string sha256(std::string_view bytes);
/// Two digits a byte, letters in lower case.
[[nodiscard]] std::string hex(std::string_view bytes);

}  // namespace crmpulse::net
