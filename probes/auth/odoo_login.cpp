// Odoo's JSON-RPC: the login gives a user number; every later body brings it and the password.
#include "probes/auth/answer.h"
#include "probes/auth/flow_table.h"

namespace crmpulse::probes::auth {
namespace {

namespace json = boost::json;

Result<net::ClientRequest> request(const Context& context) {
  const json::array arguments{context.flow.database, context.settings.text("username"),
                              context.settings.secret("password").reveal()};
  const json::object params{{"service", "common"}, {"method", "login"}, {"args", arguments}};
  return post_json(context.flow.url,
                   json::object{{"jsonrpc", "2.0"}, {"method", "call"}, {"params", params}, {"id", 1}});
}

/// `{"code":200,"message":…,"data":{"name":"odoo.exceptions.AccessDenied","message":…}}`. Of a fault inside, `message`
/// is the database's or Python's own text.
Failure failure_in(const Context& context, const net::ClientResponse& response, const json::value& error) {
  const json::object* const object = error.if_object();
  const json::value* const data = object != nullptr ? object->if_contains("data") : nullptr;
  const json::object* const detail = data != nullptr ? data->if_object() : nullptr;
  std::string said = detail != nullptr ? text_at(*detail, "message") : std::string{};
  if (said.empty() && object != nullptr) said = text_at(*object, "message");
  const std::string name = detail != nullptr ? text_at(*detail, "name") : std::string{};
  Reason reason = Reason::server_error;
  if (name.find("AccessDenied") != std::string::npos) reason = Reason::credentials;
  if (said.find("database") != std::string::npos && said.find("does not exist") != std::string::npos)
    reason = Reason::missing;
  return login_failure(context, response, reason, said.empty() ? "an error it does not name" : said);
}

boost::system::result<Token, Failure> read(const Context& context, const net::ClientResponse& response) {
  if (response.status != 200) return login_failure(context, response, reason_of_status(response.status), "");
  const auto object = json_object_in(response.body);
  if (!object) return login_failure(context, response, Reason::bad_content, without_json(response));
  if (says_something(*object, "error")) return failure_in(context, response, object->at("error"));
  const json::value* const user = object->if_contains("result");
  const bool refused = user != nullptr && (user->is_null() || (user->is_bool() && !user->as_bool()));
  if (refused)
    return login_failure(context, response, Reason::credentials, "it does not accept this name and password");
  if (user == nullptr || !(user->is_int64() || user->is_uint64()))
    return login_failure(context, response, Reason::bad_content, "the answer has no user number");
  Token token;
  token.value = Secret{json::serialize(*user)};
  token.values.emplace("uid", token.value.reveal());
  return token;
}

}  // namespace

Flow odoo_login_flow() {
  return {.name = "odoo_login",
          .recipe_needs = {"url", "database"},
          .fields = {username_field(), password_field()},
          .request = &request,
          .read = &read,
          .secret_value = "password"};
}

}  // namespace crmpulse::probes::auth
