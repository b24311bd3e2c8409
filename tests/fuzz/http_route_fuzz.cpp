// A request's target, its headers, who may ask and the router: method, target and header stand on lines of their own;
// the header is taken for Authorization, Host, Origin and X-Crm-Agent.
#include "collector/engine/clocks.h"
#include "collector/http/access.h"
#include "collector/http/answers.h"
#include "collector/http/router.h"
#include "net/server/http_message.h"
#include "tests/fuzz/fuzz_target.h"

using namespace crmpulse;

namespace {

using collector::AccessRole;

const collector::Router& router() {
  static const collector::Router kRouter = [] {
    collector::Router made;
    const auto add = [&made](const char* method, const char* path, std::optional<AccessRole> role) {
      made.add({method, path, role, [role](const collector::Request& request, const net::Respond& respond) {
                  fuzz::require(!role || collector::bearer_token(request) == "viewer");
                  for (const auto& [name, value] : request.to.parts) fuzz::require(!value.empty());
                  respond(collector::text_answer("reached\n"));
                }});
    };
    add("GET", "/-/ready", std::nullopt);
    add("GET", "/api/v1/crms/{crm}", AccessRole::viewer);
    add("POST", "/api/v1/incidents/{id}/ack", AccessRole::viewer);
    add("GET", "/", AccessRole::viewer);
    return made;
  }();
  return kRouter;
}

/// With and without tokens.
collector::Access& access(bool auth_required) {
  static const collector::WallClock kClock;
  const auto make = [](bool required) {
    collector::AccessSettings settings;
    settings.required = required;
    settings.listen_address = "127.0.0.1";
    settings.external_url = "https://health.example.com/crm";
    settings.limits.exempt.clear();
    settings.limits.exempted = {};
    settings.limits.requests_per_address = 0;
    return collector::Access{kClock, "/var/lib/crmpulse-collector", settings};
  };
  static collector::Access with = make(true);
  static collector::Access without = make(false);
  return auth_required ? with : without;
}

void check_access(net::HttpRequest head, const std::string& text) {
  const collector::Route* const route = router().match(head).route;
  for (const char* name : {"host", "origin", "x-crm-agent"}) head.headers.emplace_back(name, text);
  head.remote_address = "192.0.2.1";
  for (const bool required : {true, false}) {
    const auto caller = access(required).check(head, route);
    fuzz::require(caller || (net::is_sendable(caller.error()) && caller.error().status >= 400));
    // There is no token at all: what needs one is never let through.
    fuzz::require(!caller || !required || route == nullptr || !route->role);
    fuzz::require(!caller || !caller->token);
    fuzz::require(collector::Access::max_body_bytes(route) <= 64UL * 1024);
  }
}

std::string_view line(std::string_view& text) {
  const std::string_view one = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), one.size() + 1));
  return one;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  net::HttpRequest request;
  request.method = std::string{line(text)};
  if (!net::parse_target(line(text), request)) return 0;
  request.headers.emplace_back("authorization", std::string{text});
  check_access(request, std::string{text});
  int answers = 0;
  collector::Caller caller;
  if (collector::bearer_token(request) == "viewer") caller.role = AccessRole::viewer;
  collector::RouteMatch to = router().match(request);
  router().handle({std::move(request), std::move(to), std::move(caller)},
                  [&answers](const net::HttpResponse& response) {
                    ++answers;
                    fuzz::require(net::is_sendable(response) && response.status >= 200 && response.status < 600);
                  });
  fuzz::require(answers == 1);
  return 0;
}
