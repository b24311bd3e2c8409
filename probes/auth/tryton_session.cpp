// Tryton's JSON-RPC: a session key of common.db.login in a header of its own kind.
#include <fmt/format.h>

#include "core/text/percent.h"
#include "net/base/crypto.h"
#include "probes/auth/answer.h"
#include "probes/auth/flow_table.h"

namespace crmpulse::probes::auth {
namespace {

namespace json = boost::json;

constexpr std::string_view kRpc = "/rpc";

/// Up to 7.8 the database is its path, `http://host:8000/crm/`; from 8.0 on calls go to `http://host:8000/crm/rpc/`.
/// Where the last login was is tried first.
bool at_rpc(const Context& context) {
  return std::string_view{context.before.base_url}.ends_with(kRpc) != context.elsewhere;
}

/// Of the database, which may already stand in the URL; without a closing slash.
std::string database_of(const AuthFlow& flow) {
  std::string url = flow.url;
  while (url.ends_with('/')) url.pop_back();
  return flow.database.empty() ? url : fmt::format("{}/{}", url, percent_encoded(flow.database));
}

/// Where calls of the database go.
std::string address_of(const Context& context) {
  return fmt::format("{}{}", database_of(context.flow), at_rpc(context) ? kRpc : "");
}

/// Where calls of the server itself go.
std::string server_of(const Context& context) {
  const std::string database = database_of(context.flow);
  return fmt::format("{}{}", database.substr(0, database.rfind('/')), at_rpc(context) ? kRpc : "");
}

/// A path of the other versions takes no call; 404 is an answer, which means that there is no such database.
bool is_elsewhere(const net::ClientResponse& response) {
  return response.status == 405;
}

/// Exactly these three members: with any other one Tryton answers in another form.
Result<net::ClientRequest> request(const Context& context) {
  const json::object password{{"password", context.settings.secret("password").reveal()}};
  const json::object body{{"id", 1},
                          {"method", "common.db.login"},
                          {"params", json::array{context.settings.text("username"), password, "en"}}};
  return post_json(address_of(context) + "/", body);
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
    case 405: return "no JSON-RPC of Tryton is at this address (HTTP 405)";
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
  // From 7.8 on where its bus listens comes third.
  const json::array* const pair = result != nullptr ? result->if_array() : nullptr;
  if (pair == nullptr || pair->size() < 2 || !pair->at(0).is_number() || !pair->at(1).is_string() ||
      !is_token_text(std::string_view{pair->at(1).as_string()}))
    return login_failure(context, response, Reason::bad_content, "the answer has no session");
  const std::string user = json::serialize(pair->at(0));
  const std::string key(std::string_view{pair->at(1).as_string()});
  Token token;
  token.value = Secret{net::base64_encode(fmt::format("{}:{}:{}", context.settings.text("username"), user, key))};
  token.values.emplace("uid", user);
  token.values.emplace("server", server_of(context));
  token.base_url = address_of(context);
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
          .read = &read,
          .is_elsewhere = &is_elsewhere};
}

}  // namespace crmpulse::probes::auth
