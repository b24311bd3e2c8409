#include "collector/http/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "collector/http/answers.h"
#include "core/text/ascii.h"

namespace crmpulse::collector {
namespace {

/// Compares piece by piece; `{name}` takes any one piece that is not empty.
std::optional<PathParts> match(std::string_view pattern, std::string_view path) {
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
         request.path == "/api/v1/evidence";
}

net::HttpResponse unauthorized_answer() {
  net::HttpResponse response = error_answer(401, "unauthorized", "a valid token is needed: Authorization: Bearer …");
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

net::HttpResponse forbidden_answer(AccessRole needed) {
  return error_answer(403, "forbidden", fmt::format("this needs a token with role {}", to_string(needed)));
}

const Route* Router::find(const net::HttpRequest& request) const {
  const auto answers = [&](const Route& route) {
    return answers_method(route, request.method) && match(route.path, request.path);
  };
  const auto found = std::find_if(routes_.begin(), routes_.end(), answers);
  return found == routes_.end() ? nullptr : &*found;
}

net::Respond Router::audited(const Route& route, const net::HttpRequest& request, net::Respond respond) const {
  if (!audit_ || route.method == "GET" || !route.role || *route.role == AccessRole::ingest) return respond;
  net::HttpRequest head = request;
  head.body.clear();
  return [audit = audit_, head = std::move(head), respond = std::move(respond)](net::HttpResponse response) {
    audit(head, response);
    respond(std::move(response));
  };
}

void Router::handle(const net::HttpRequest& request, net::Respond respond) const {
  std::set<std::string> other_methods;
  for (const Route& route : routes_) {
    const std::optional<PathParts> parts = match(route.path, request.path);
    if (!parts) continue;
    if (!answers_method(route, request.method)) {
      other_methods.insert(route.method);
      continue;
    }
    if (route.role) {
      const std::optional<AccessRole> held = authorise_(request);
      if (!held) return respond(unauthorized_answer());
      if (!covers(*held, *route.role)) return respond(forbidden_answer(*route.role));
    }
    return route.handler(request, *parts, audited(route, request, std::move(respond)));
  }
  if (!other_methods.empty()) return respond(method_not_allowed(other_methods));
  respond(error_answer(404, "not_found", "there is nothing at this address"));
}

}  // namespace crmpulse::collector
