#pragma once
#include <string>
#include <string_view>

namespace crmpulse::test {

/// An RSA key made on the spot.
struct TestKey {
  std::string private_pem;
  std::string public_pem;
};
[[nodiscard]] const TestKey& test_key();
[[nodiscard]] std::string elliptic_key_pem();

/// Does the signature belong to the text (RS256)?
[[nodiscard]] bool verifies(const std::string& public_pem, std::string_view text, std::string_view signature);
[[nodiscard]] std::string from_base64url(std::string text);
[[nodiscard]] std::string from_base64(const std::string& text);

}  // namespace crmpulse::test
