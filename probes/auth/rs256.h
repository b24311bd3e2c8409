#pragma once
// Internal to probes/auth/: the signature of a JWT.

#include <string>
#include <string_view>

#include "core/failure/error.h"
#include "core/secret.h"

namespace crmpulse::probes::auth {

/// Is it an RSA private key in PEM form, without a pass phrase?
[[nodiscard]] bool is_rsa_private_key(const Secret& pem);
/// RSASSA-PKCS1-v1_5 with SHA-256 (RS256 of RFC 7518): the raw signature.
[[nodiscard]] Result<std::string> sign_rs256(const Secret& pem, std::string_view text);

}  // namespace crmpulse::probes::auth
