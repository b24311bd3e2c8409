// RFC 7523 as Salesforce takes it: a statement signed with our private key instead of a secret.
#include "net/base/crypto.h"
#include "net/base/url.h"
#include "probes/auth/flow_table.h"
#include "probes/auth/oauth.h"
#include "probes/auth/rs256.h"

namespace crmpulse::probes::auth {
namespace {

namespace json = boost::json;

/// What the recipe or the user says; else the address that gives the token, without its path.
std::string audience_of(const AuthFlow& flow) {
  if (!flow.audience.empty()) return flow.audience;
  const Result<net::Url> url = net::parse_url(net::with_ascii_host(flow.token_url));
  return url ? url->origin() : flow.token_url;
}

constexpr std::chrono::seconds kLife{150};  ///< Salesforce accepts about three minutes

Result<net::ClientRequest> request(const Context& context) {
  const auto now = std::chrono::floor<std::chrono::seconds>(context.now).time_since_epoch();
  const json::object header{{"alg", "RS256"}};
  const json::object claims{{"iss", context.settings.text("client_id")},
                            {"sub", context.settings.text("username")},
                            {"aud", audience_of(context.flow)},
                            {"exp", (now + kLife).count()}};
  const std::string signed_part =
      net::base64url(json::serialize(header)) + "." + net::base64url(json::serialize(claims));
  const Result<std::string> signature = sign_rs256(context.settings.secret("private_key"), signed_part);
  if (!signature) return signature.error();
  Parameters parameters{{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                        {"assertion", signed_part + "." + net::base64url(*signature)}};
  if (!context.flow.scope.empty()) parameters.emplace_back("scope", context.flow.scope);
  return post_form(context.flow.token_url, parameters);
}

}  // namespace

Flow jwt_bearer_flow() {
  const Field key{
      "private_key",
      true,
      true,
      {"RSA private key in PEM form; the CRM has its certificate", "PEM 格式的 RSA 私钥；其证书已上传到 CRM"}};
  return {.name = "jwt_bearer",
          .recipe_needs = {"token_url", "audience"},
          .recipe_may = {"scope"},
          .fields = {client_id_field(), username_field(), key},
          .default_header = kBearerHeader,
          .request = &request,
          .read = &read_token};
}

}  // namespace crmpulse::probes::auth
