#include "probes/auth/flow_table.h"
#include "probes/auth/oauth.h"

namespace crmpulse::probes::auth {
namespace {

Result<net::ClientRequest> request(const Context& context) {
  Parameters parameters{{"grant_type", "client_credentials"}};
  if (!context.flow.scope.empty()) parameters.emplace_back("scope", context.flow.scope);
  if (!context.flow.audience.empty()) parameters.emplace_back("audience", context.flow.audience);
  return token_request(context, std::move(parameters));
}

}  // namespace

Flow client_credentials_flow() {
  return {.name = "client_credentials",
          .recipe_needs = {"token_url"},
          .recipe_may = {"audience", "scope", "encoding", "send"},
          .fields = {client_id_field(), client_secret_field()},
          .default_header = kBearerHeader,
          .request = &request,
          .read = &read_token};
}

}  // namespace crmpulse::probes::auth
