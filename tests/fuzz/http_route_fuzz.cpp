// A request's target, its Authorization header and the router: method, target and header stand on lines of their own.
#include "collector/answers.h"
#include "collector/router.h"
#include "fuzz_target.h"
#include "net/http_message.h"

using namespace crmpulse;

namespace {

using collector::AccessRole;

const collector::Router& router() {
  static const collector::Router kRouter = [] {
    collector::Router made{[](const net::HttpRequest& request) -> std::optional<AccessRole> {
      if (collector::bearer_token(request) == "viewer") return AccessRole::viewer;
      return std::nullopt;
    }};
    const auto add = [&made](const char* method, const char* path, std::optional<AccessRole> role) {
      made.add({method, path, role,
                [role](const net::HttpRequest& request, const collector::PathParts& parts, net::Respond respond) {
                  fuzz::require(!role || collector::bearer_token(request) == "viewer");
                  for (const auto& [name, value] : parts) fuzz::require(!value.empty());
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
  int answers = 0;
  router().handle(request, [&answers](const net::HttpResponse& response) {
    ++answers;
    fuzz::require(net::is_sendable(response) && response.status >= 200 && response.status < 600);
  });
  fuzz::require(answers == 1);
  return 0;
}
