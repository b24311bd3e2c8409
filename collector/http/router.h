#pragma once
// Which function answers which request, and who may ask. Belongs to the loop's thread.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collector/http/audit.h"
#include "collector/http/tokens.h"
#include "net/server/http_server.h"

namespace crmpulse::collector {

struct Route;

/// The `{…}` parts of a route's path.
using PathParts = std::map<std::string, std::string, std::less<>>;

/// Which route answers a request.
struct RouteMatch {
  const Route* route = nullptr;  ///< null: none does
  PathParts parts;
  std::set<std::string> methods;  ///< the address answers these, and not the request's
};

/// Who asks.
struct Caller {
  /// How it is known: not at all, because nobody is asked, by a token, a session's cookie or the proxy's word.
  enum class By { nothing, open, token, session, proxy };
  std::optional<AccessRole> role;      ///< absent: nobody who may call more than open routes
  std::shared_ptr<const Token> token;  ///< of a token or a session; null else
  By by = By::nothing;
  std::string user{};               ///< of a proxy
  std::optional<TimePoint> ends{};  ///< of a session
  /// Returns the token's or the user's name, empty without one.
  [[nodiscard]] std::string name() const { return token ? token->name : user; }
};

/// A request with what its head has shown: where it goes and who sends it.
struct Request : net::HttpRequest {
  RouteMatch to;
  Caller caller;
  /// Returns a `{…}` part that the route has.
  [[nodiscard]] const std::string& part(std::string_view name) const { return to.parts.find(name)->second; }
};

/// May take the body away.
using RouteHandler = std::function<void(Request, net::Respond)>;

struct Route {
  std::string method;
  std::string path;                ///< `/api/v1/crms/{crm}`
  std::optional<AccessRole> role;  ///< absent: anybody may call it
  RouteHandler handler;
};

class Router {
 public:
  /// Hears of each answer to a request of operators and admins that may have changed something. The entry lacks its
  /// time and its result.
  using Audit = std::function<void(AuditEntry, const net::HttpResponse&)>;

  /// Returns the answer to a request that the route's handler must not see.
  using Check = std::function<std::optional<net::HttpResponse>(const Request&)>;

  explicit Router(Audit audit = nullptr) : audit_(std::move(audit)) {}
  /// Sets what each request goes through once its caller may ask.
  void check_with(Check check) { check_ = std::move(check); }
  void add(Route route) { routes_.push_back(std::move(route)); }
  [[nodiscard]] RouteMatch match(const net::HttpRequest& head) const;
  /// Answers a request whose match and caller are known.
  void handle(Request request, net::Respond respond) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  [[nodiscard]] net::Respond audited(const Request& request, net::Respond respond) const;

  Audit audit_;
  Check check_;
  std::vector<Route> routes_;
};

/// Returns whether a request is served while the engine replays the journal (EngineLoop::recovering): reading,
/// signing in, joining and sending samples is, changing something else is not.
[[nodiscard]] bool served_while_recovering(const net::HttpRequest& request);
[[nodiscard]] net::HttpResponse unauthorized_answer();
[[nodiscard]] net::HttpResponse forbidden_answer(AccessRole needed);

/// Returns TOKEN of `Authorization: Bearer TOKEN`, empty without it.
[[nodiscard]] std::string_view bearer_token(const net::HttpRequest& request);

}  // namespace crmpulse::collector
