// Tryton's JSON-RPC: a session key of common.db.login in a header of its own kind.
#include <fmt/format.h>

#include "probes/auth/answer.h"
#include "probes/auth/encoding.h"
#include "probes/auth/flow_table.h"

namespace crmpulse::probes::auth {
namespace {

namespace json = boost::json;

/// `http://host:8000/crm/`; the database may already stand in the URL.
std::string address_of(const AuthFlow& flow) {
  if (flow.database.empty()) return flow.url;
  return fmt::format("{}{}{}/", flow.url, flow.url.ends_with('/') ? "" : "/", percent_encoded(flow.database));
}

/// Exactly these three members: with any other one Tryton answers in another form.
Result<net::ClientRequest> request(const Context& context) {
  const json::object password{{"password", context.settings.secret("password").reveal()}};
  const json::object body{{"id", 1},
                          {"method", "common.db.login"},
                          {"params", json::array{context.settings.text("username"), password, "en"}}};
  return post_json(address_of(context.flow), body);
}

/// `["UserError",[message,…]]`, `["LoginException",[name, question, kind]]`, or `[text, traceback]` of an inner fault.
Failure failure_in(const Context& context, const net::ClientResponse& response, const json::value& error) {
  const json::array* const parts = error.if_array();
  const json::value* const first = parts != nullptr && !parts->empty() ? &parts->front() : nullptr;
  if (first == nullptr || !first->is_string())
    return login_failure(context, response, Reason::server_error, "an error it does not name");
  const std::string_view name{first->as_string()};
  const bool wants_more = name == "LoginException";
  const bool user = wants_more || name == "UserError" || name == "UserWarning";
  return login_failure(context, response, user ? Reason::credentials : Reason::server_error,
                       wants_more ? "it wants more than a name and a password" : name);
}

std::string status_text(int status) {
  switch (status) {
    case 401: return "it does not accept this name and password (HTTP 401)";
    case 404: return "it has no such database (HTTP 404)";
    case 429: return "too many failed logins; it wants to be left alone (HTTP 429)";
    default: return {};
  }
}

boost::system::result<Token, Failure> read(const Context& context, const net::ClientResponse& response) {
  if (response.status != 200)
    return login_failure(context, response, reason_of_status(response.status), status_text(response.status));
  const auto object = json_object_in(response.body);
  if (!object) return login_failure(context, response, Reason::bad_content, without_json(response));
  if (says_something(*object, "error")) return failure_in(context, response, object->at("error"));
  const json::value* const result = object->if_contains("result");
  const json::array* const pair = result != nullptr ? result->if_array() : nullptr;
  if (pair == nullptr || pair->size() != 2 || !pair->at(0).is_number() || !pair->at(1).is_string() ||
      !is_token_text(std::string_view{pair->at(1).as_string()}))
    return login_failure(context, response, Reason::bad_content, "the answer has no session");
  const std::string user = json::serialize(pair->at(0));
  const std::string key(std::string_view{pair->at(1).as_string()});
  Token token;
  token.value = Secret{base64(fmt::format("{}:{}:{}", context.settings.text("username"), user, key))};
  token.values.emplace("uid", user);
  return token;
}

}  // namespace

Flow tryton_session_flow() {
  return {.name = "tryton_session",
          .recipe_needs = {"url"},
          .recipe_may = {"database"},
          .fields = {username_field(), password_field()},
          .default_header = "Authorization: Session ${token}",
          .request = &request,
          .read = &read};
}

}  // namespace crmpulse::probes::auth
