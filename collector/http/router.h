#pragma once
// Which function answers which request, and who may ask. Belongs to the loop's thread.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/http/tokens.h"
#include "net/server/http_server.h"

namespace crmpulse::collector {

/// The `{…}` parts of a route's path.
using PathParts = std::map<std::string, std::string, std::less<>>;
using RouteHandler = std::function<void(const net::HttpRequest&, const PathParts&, net::Respond)>;

struct Route {
  std::string method;
  std::string path;                ///< `/api/v1/crms/{crm}`
  std::optional<AccessRole> role;  ///< absent: anybody may call it
  RouteHandler handler;
};

class Router {
 public:
  /// Returns the role of the request's token, nullopt if it has no valid token. Not called for open routes.
  using Authorise = std::function<std::optional<AccessRole>(const net::HttpRequest&)>;

  /// Hears of each answer to a request of operators and admins that may have changed something.
  using Audit = std::function<void(const net::HttpRequest&, const net::HttpResponse&)>;

  explicit Router(Authorise authorise, Audit audit = nullptr)
      : authorise_(std::move(authorise)), audit_(std::move(audit)) {}
  void add(Route route) { routes_.push_back(std::move(route)); }
  void handle(const net::HttpRequest& request, net::Respond respond) const;
  /// Returns the route that would answer, null if none does.
  [[nodiscard]] const Route* find(const net::HttpRequest& request) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  [[nodiscard]] net::Respond audited(const Route& route, const net::HttpRequest& request, net::Respond respond) const;

  Authorise authorise_;
  Audit audit_;
  std::vector<Route> routes_;
};

/// Returns whether a request is served while the engine replays the journal (EngineLoop::recovering): reading and
/// sending samples is, changing something is not.
[[nodiscard]] bool served_while_recovering(const net::HttpRequest& request);
[[nodiscard]] net::HttpResponse unauthorized_answer();
[[nodiscard]] net::HttpResponse forbidden_answer(AccessRole needed);

/// Returns TOKEN of `Authorization: Bearer TOKEN`, empty without it.
[[nodiscard]] std::string_view bearer_token(const net::HttpRequest& request);

}  // namespace crmpulse::collector
