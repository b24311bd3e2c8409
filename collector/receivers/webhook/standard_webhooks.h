#pragma once
// Standard Webhooks 1.0.0. Signed bytes: `{id}.{timestamp}.{body}`, HMAC-SHA256; during a rotation the header carries
// one signature per secret.

#include <string>
#include <vector>

#include "config/reader.h"
#include "core/secret.h"
#include "core/time/time.h"
#include "net/client/http_client.h"

namespace crmpulse::collector {

/// `secret`, `secret_file`, …: one or more `whsec_…`, separated by blanks. Empty without the key; what is wrong goes to
/// the reader.
[[nodiscard]] std::vector<Secret> read_webhook_secrets(config::Reader& item);
/// Adds `webhook-id`, `webhook-timestamp` and, with keys, `webhook-signature` over exactly its body.
void add_webhook_headers(net::ClientRequest& request, const std::vector<Secret>& keys, const std::string& id,
                         TimePoint wall);

}  // namespace crmpulse::collector
