#include "probes/auth/flow_table.h"
#include "probes/auth/oauth.h"

namespace crmpulse::probes::auth {
namespace {

Result<net::ClientRequest> request(const Context& context) {
  Parameters parameters{{"grant_type", "client_credentials"}};
  if (!context.flow.scope.empty()) parameters.emplace_back("scope", context.flow.scope);
  return token_request(context, std::move(parameters));
}

}  // namespace

Flow client_credentials_flow() {
  return {"client_credentials", {client_id_field(), client_secret_field()}, kBearerHeader, &request, &read_token};
}

}  // namespace crmpulse::probes::auth
