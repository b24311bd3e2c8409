#pragma once
// What an answer means for what was sent. Something on the way may answer in the receiver's place: a proxy, a portal,
// an ingress without its service. docs/decisions/0014-who-may-refuse-samples.md

#include <string_view>

#include "agent/settings/settings.h"
#include "net/client/http_client.h"

namespace crmpulse::agent {

/// `refused`: for good, and by the receiver itself. `too_large`: less at once may be taken, whoever said it.
enum class ShipResult { accepted, retry, too_large, refused };
[[nodiscard]] ShipResult judge(const net::ClientResponse& response, ReceiverKind receiver);

/// Does it bear the collector's mark?
[[nodiscard]] bool is_marked(const net::ClientResponse& response);
/// Is it the receiver's own word that these samples are never taken, and not that of something before it?
[[nodiscard]] bool is_own_refusal(const net::ClientResponse& response, ReceiverKind receiver);
/// Why the receiver does not take a sample, for counting: `out_of_order`, `duplicate`, `too_old`, `too_new`,
/// `out_of_bounds` (either), `limit`, `malformed` or `other`.
[[nodiscard]] std::string_view refusal_reason(const net::ClientResponse& response);

}  // namespace crmpulse::agent
