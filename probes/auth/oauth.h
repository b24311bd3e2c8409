#pragma once
// Internal to probes/auth/: the token endpoint of OAuth 2 (RFC 6749), as the vendors really answer.

#include "probes/auth/answer.h"

namespace crmpulse::probes::auth {

/// `parameters` with the client's name and secret as the recipe's `send` and `encoding` say.
[[nodiscard]] net::ClientRequest token_request(const Context& context, Parameters parameters);
[[nodiscard]] TokenOrFailure read_token(const Context& context, const net::ClientResponse& response);

}  // namespace crmpulse::probes::auth
