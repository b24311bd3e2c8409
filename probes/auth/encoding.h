#pragma once
// Internal to probes/auth/: texts and signatures the logins are made of. OpenSSL stays in encoding.cpp.

#include <string>
#include <string_view>

#include "core/failure/error.h"
#include "core/secret.h"

namespace crmpulse::probes::auth {

[[nodiscard]] std::string base64(std::string_view bytes);
/// RFC 7515: `-` and `_`, without padding.
[[nodiscard]] std::string base64url(std::string_view bytes);
/// RFC 3986: everything but letters, digits and `-._~`.
[[nodiscard]] std::string percent_encoded(std::string_view text);
/// 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

/// Is it an RSA private key in PEM form, without a pass phrase?
[[nodiscard]] bool is_rsa_private_key(const Secret& pem);
/// RSASSA-PKCS1-v1_5 with SHA-256 (RS256 of RFC 7518): the raw signature.
[[nodiscard]] Result<std::string> sign_rs256(const Secret& pem, std::string_view text);

}  // namespace crmpulse::probes::auth
