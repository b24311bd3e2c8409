#pragma once
// Standard Webhooks 1.0.0. Signed bytes: `{id}.{timestamp}.{body}`, HMAC-SHA256; during a rotation the header carries
// one signature per secret.

#include <string>
#include <utility>
#include <vector>

#include "config/reader.h"
#include "core/secret.h"
#include "core/time/time.h"

namespace crmpulse::collector {

/// `secret`, `secret_file`, …: one or more `whsec_…`, separated by blanks. Empty without the key; what is wrong goes to
/// the reader.
[[nodiscard]] std::vector<Secret> read_webhook_secrets(config::Reader& item);
/// `webhook-id`, `webhook-timestamp` and, with keys, `webhook-signature` over exactly these bytes.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> webhook_headers(const std::vector<Secret>& keys,
                                                                               const std::string& id, TimePoint wall,
                                                                               const std::string& body);

}  // namespace crmpulse::collector
