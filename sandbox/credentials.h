#pragma once
// What a demo agent logs in with, as files it can name under `_file` keys.

#include <string>

#include "core/failure/error.h"
#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox {

/// Writes `salesforce.key` and `salesforce.crt` (RSA 2048; an existing pair is kept, so that a restart does not lock
/// the agent out), `client_secret`, `refresh_token` and `token` into `dir`, mode 0600, and gives the credentials with
/// the certificate in them. The directory is made when it is not there.
[[nodiscard]] Result<Credentials> write_credentials(const std::string& dir);

}  // namespace crmpulse::sandbox
