#include "probes/auth/flow_table.h"
#include "probes/auth/oauth.h"

namespace crmpulse::probes::auth {
namespace {

/// The CRM may have replaced the user's: then only the newest is good.
Result<net::ClientRequest> request(const Context& context) {
  const Secret& given = context.settings.secret("refresh_token");
  const Secret& newest = context.before.refresh.empty() ? given : context.before.refresh;
  Parameters parameters{{"grant_type", "refresh_token"}, {"refresh_token", newest.reveal()}};
  if (!context.flow.scope.empty()) parameters.emplace_back("scope", context.flow.scope);
  return token_request(context, std::move(parameters));
}

}  // namespace

Flow refresh_token_flow() {
  Field secret = client_secret_field();
  secret.required = false;
  const Field token{"refresh_token",
                    true,
                    true,
                    {"Refresh token; when the CRM replaces it, the newest is kept in the state directory",
                     "刷新令牌；CRM 更换它时，最新的保存在状态目录中"}};
  return {.name = "refresh_token",
          .recipe_needs = {"token_url"},
          .recipe_may = {"scope", "encoding", "send"},
          .fields = {client_id_field(), std::move(secret), token},
          .default_header = kBearerHeader,
          .request = &request,
          .read = &read_token};
}

}  // namespace crmpulse::probes::auth
