#include "collector/http/router.h"

#include <fmt/format.h>

#include <utility>

#include "collector/http/answers.h"
#include "core/text/ascii.h"

namespace crmpulse::collector {
namespace {

/// Compares piece by piece; `{name}` takes any one piece that is not empty.
std::optional<PathParts> parts_of(std::string_view pattern, std::string_view path) {
  PathParts parts;
  while (!pattern.empty() && !path.empty()) {
    const auto next = [](std::string_view& text) {
      text.remove_prefix(1);
      const std::string_view piece = text.substr(0, text.find('/'));
      text.remove_prefix(piece.size());
      return piece;
    };
    if (pattern.front() != '/' || path.front() != '/') return std::nullopt;
    const std::string_view expected = next(pattern);
    const std::string_view piece = next(path);
    const bool open = expected.starts_with('{');
    if (open && piece.empty()) return std::nullopt;
    if (!open && expected != piece) return std::nullopt;
    if (open) parts.emplace(expected.substr(1, expected.size() - 2), piece);
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return parts;
}

bool answers_method(const Route& route, const std::string& method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

net::HttpResponse method_not_allowed(const std::set<std::string>& methods) {
  std::string allow;
  for (const std::string& method : methods) allow += (allow.empty() ? "" : ", ") + method;
  net::HttpResponse response = error_answer(405, "method_not_allowed", fmt::format("this address answers {}", allow));
  response.headers.emplace_back("Allow", allow);
  return response;
}

}  // namespace

std::string_view bearer_token(const net::HttpRequest& request) {
  constexpr std::string_view kScheme = "bearer ";
  std::string_view header = request.header("authorization");
  if (header.size() <= kScheme.size() || !ascii::same_without_case(header.substr(0, kScheme.size()), kScheme))
    return {};
  header.remove_prefix(kScheme.size());
  while (header.starts_with(' ')) header.remove_prefix(1);
  while (header.ends_with(' ')) header.remove_suffix(1);
  return header;
}

bool served_while_recovering(const net::HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD" || request.path == "/api/v1/write" ||
         request.path == "/api/v1/evidence" || request.path == "/api/v1/session" || request.path == "/api/v1/join";
}

net::HttpResponse unauthorized_answer() {
  net::HttpResponse response = error_answer(401, "unauthorized", "a valid token is needed: Authorization: Bearer …");
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

net::HttpResponse forbidden_answer(AccessRole needed) {
  return error_answer(403, "forbidden", fmt::format("this needs a token with role {}", to_string(needed)));
}

RouteMatch Router::match(const net::HttpRequest& head) const {
  RouteMatch found;
  for (const Route& route : routes_) {
    std::optional<PathParts> parts = parts_of(route.path, head.path);
    if (!parts) continue;
    if (answers_method(route, head.method)) return {&route, std::move(*parts), {}};
    found.methods.insert(route.method);
  }
  return found;
}

net::Respond Router::audited(const Request& request, net::Respond respond) const {
  const Route& route = *request.to.route;
  // What a viewer may call changes nothing.
  if (!audit_ || route.method == "GET" || !route.role || !covers(*route.role, AccessRole::operator_)) return respond;
  AuditEntry entry;
  entry.who = request.caller.name();
  if (entry.who.empty()) entry.who = "anybody";
  entry.from = request.remote_address;
  entry.action = fmt::format("{} {}", request.method, request.path);
  return [audit = audit_, entry = std::move(entry), respond = std::move(respond)](net::HttpResponse response) {
    audit(entry, response);
    respond(std::move(response));
  };
}

void Router::handle(Request request, net::Respond respond) const {
  const Route* const route = request.to.route;
  if (route == nullptr) {
    return respond(request.to.methods.empty() ? error_answer(404, "not_found", "there is nothing at this address")
                                              : method_not_allowed(request.to.methods));
  }
  if (route->role) {
    if (!request.caller.role) return respond(unauthorized_answer());
    if (!covers(*request.caller.role, *route->role)) return respond(forbidden_answer(*route->role));
  }
  net::Respond answer = audited(request, std::move(respond));
  if (auto refusal = check_ ? check_(request) : std::nullopt) return answer(std::move(*refusal));
  route->handler(std::move(request), std::move(answer));
}

}  // namespace crmpulse::collector
