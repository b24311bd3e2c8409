#pragma once
// Which function answers which request, and who may ask. Belongs to the loop's thread.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/tokens.h"
#include "net/http_server.h"

namespace crmpulse::collector {

/// The `{…}` parts of a route's path.
using PathParts = std::map<std::string, std::string, std::less<>>;
using RouteHandler = std::function<void(const net::HttpRequest&, const PathParts&, net::Respond)>;

struct Route {
  std::string method;
  std::string path;                ///< `/api/v1/crms/{crm}`
  std::optional<AccessRole> role;  ///< nothing: anybody
  RouteHandler handler;
};

class Router {
 public:
  /// Whose request is this? Nothing: no valid token. Not asked for open routes.
  using Authorise = std::function<std::optional<AccessRole>(const net::HttpRequest&)>;

  explicit Router(Authorise authorise) : authorise_(std::move(authorise)) {}
  void add(Route route) { routes_.push_back(std::move(route)); }
  void handle(const net::HttpRequest& request, net::Respond respond) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  Authorise authorise_;
  std::vector<Route> routes_;
};

/// While the engine is still in the past (EngineLoop::recovering) it can be looked at and sent samples, but not told
/// what to do now.
[[nodiscard]] bool served_while_recovering(const net::HttpRequest& request);

/// `Authorization: Bearer TOKEN` → TOKEN; empty without.
[[nodiscard]] std::string_view bearer_token(const net::HttpRequest& request);

}  // namespace crmpulse::collector
