// Ways to log in without a login: what the user gave goes into a header of every request.
#include "net/base/crypto.h"
#include "probes/auth/flow_table.h"

namespace crmpulse::probes::auth {
namespace {

Token given(Secret value) {
  Token token;
  token.value = std::move(value);
  return token;
}

Token bearer(const Context& context) {
  return given(context.settings.secret("token"));
}

Token api_key(const Context& context) {
  return given(context.settings.secret("key"));
}

Token basic(const Context& context) {
  return given(Secret{
      net::base64_encode(context.settings.text("username") + ":" + context.settings.secret("password").reveal())});
}

}  // namespace

Flow bearer_flow() {
  const Field token{
      "token",
      true,
      true,
      {"Long-lived token issued by the CRM: private app, service key", "CRM 发放的长期令牌：私有应用或服务密钥"}};
  return {.name = "bearer", .fields = {token}, .default_header = kBearerHeader, .immediate = &bearer};
}

Flow api_key_flow() {
  const Field key{"key", true, true, {"Key from the CRM's settings", "CRM 设置中的 API 密钥"}};
  return {.name = "api_key", .recipe_needs = {"header"}, .fields = {key}, .immediate = &api_key};
}

Flow basic_flow() {
  return {.name = "basic",
          .fields = {username_field(), password_field()},
          .default_header = "Authorization: Basic ${token}",
          .immediate = &basic,
          .may_lock = true};
}

}  // namespace crmpulse::probes::auth
