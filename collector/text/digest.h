#pragma once
// Wraps what receivers need of OpenSSL: base64, SHA-256, HMAC. Not related to the event `digest`.

#include <optional>
#include <string>
#include <string_view>

namespace crmpulse::collector {

[[nodiscard]] std::string base64_encode(std::string_view bytes);
/// Returns nullopt if the text is malformed: padding must be where it belongs, and no other character may occur.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view message);
[[nodiscard]] std::string sha256(std::string_view bytes);
[[nodiscard]] std::string hex(std::string_view bytes);

}  // namespace crmpulse::collector
