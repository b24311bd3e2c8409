#include "collector/http/session_routes.h"

#include <boost/json.hpp>

#include "collector/http/answers.h"
#include "collector/text/json_text.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

std::string_view name_of(Caller::By by) {
  switch (by) {
    case Caller::By::open: return "off";
    case Caller::By::token: return "token";
    case Caller::By::session: return "session";
    case Caller::By::proxy: return "proxy";
    case Caller::By::nothing: break;
  }
  return "required";
}

json::object session_json(const Caller& caller) {
  json::object out{{"signed_in", caller.role.has_value()}, {"auth", name_of(caller.by)}};
  if (!caller.role) return out;
  out["name"] = caller.name();
  out["role"] = to_string(*caller.role);
  out["expires_at"] = caller.ends ? json::value(format_time(*caller.ends)) : json::value(nullptr);
  return out;
}

net::HttpResponse sign_in(Access& access, const Request& request) {
  boost::system::error_code error;
  const json::value body = json::parse(request.body, error);
  if (error || !body.is_object()) return error_answer(400, "body", "the body is not a JSON object");
  const std::string token = string_member(body.get_object(), "token");
  if (token.empty()) return error_answer(400, "body", "token is missing", "token");
  return access.sign_in(request, token);
}

}  // namespace

void add_session_routes(Router& router, Access& access) {
  router.add({"GET", "/api/v1/session", std::nullopt, [](const Request& request, const net::Respond& respond) {
                respond(json_answer(session_json(request.caller)));
              }});
  router.add({"POST", "/api/v1/session", std::nullopt,
              [&access](const Request& request, const net::Respond& respond) { respond(sign_in(access, request)); }});
  router.add({"DELETE", "/api/v1/session", std::nullopt,
              [&access](const Request& request, const net::Respond& respond) { respond(access.sign_out(request)); }});
}

}  // namespace crmpulse::collector
