// A CRM that has moved, or takes the token no more without saying so: one fresh login, also after a restart.
#include <atomic>

#include "probes/recipe_file/load.h"
#include "tests/probes/auth/vendor.h"
#include "tests/probes/crm_server.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace crmpulse::probes;
using namespace std::chrono_literals;

namespace {

const std::string kAuth = R"yaml(
base_url: "${base_url}"
headers: {Accept: application/json}
errors: {code: [/0/errorCode]}
failures: [{code: NOT_FOUND, stage: request, reason: missing}]
auth:
  renew_on: [{status: 401, code: INVALID_SESSION_ID}]
  flows:
    jwt_bearer: {token_url: "${url}/token", audience: "${url}", base_url: /instance_url}
    client_credentials: {token_url: "${url}/token", base_url: /instance_url}
    refresh_token: {token_url: "${url}/token", base_url: /instance_url}
)yaml";

/// Where tokens are given: says where the CRM is.
class LoginServer {
 public:
  explicit LoginServer(std::string crm)
      : crm_(std::move(crm)), server_([this](const net::HttpRequest&) {
          const std::lock_guard lock{mutex_};
          return test::json(
              200, R"({"access_token":"T)" + std::to_string(++logins_) + R"(","instance_url":")" + crm_ + "\"}");
        }) {}
  void move_to(const std::string& crm) {
    const std::lock_guard lock{mutex_};
    crm_ = crm;
  }
  [[nodiscard]] std::string url() const { return server_.url(); }
  [[nodiscard]] std::size_t logins() const { return server_.count("/token"); }

 private:
  std::mutex mutex_;
  std::string crm_;
  int logins_ = 0;
  const CrmServer server_;
};

/// One program with its target; another one over the same folder is what a restart leaves.
struct Agent {
  Agent(const LoginServer& login, const std::string& state_dir, const std::string& flow = "client_credentials",
        const Recipe* shipped = nullptr) {
    Recipe made_up = recipe_from(http_recipe("  - {id: m, request: {url: /x}}\n", kAuth));
    if (shipped != nullptr) {
      made_up.auth.renew_on = shipped->auth.renew_on;
      made_up.errors = shipped->errors;
      made_up.failures = shipped->failures;
    }
    auto recipe = std::make_shared<const Recipe>(std::move(made_up));
    Arguments arguments = arguments_from(*recipe, "url: " + login.url());
    auto made = Target::make(runtime, {"acme",
                                       recipe,
                                       std::move(arguments),
                                       {{"crm", "acme"}, {"kind", recipe->name}, {"agent", "a1"}},
                                       10s,
                                       settings_for(flow),
                                       {},
                                       {},
                                       state_dir});
    if (!made) FAIL(to_string(made.error()));
    target = std::move(*made);
  }
  Runtime runtime;
  std::unique_ptr<Target> target;
};

}  // namespace

TEST_CASE("a CRM that moved is found by one fresh login, before and after a restart") {
  struct Case {
    std::string name;
    net::HttpResponse answer;
  };
  const auto moved =
      GENERATE(Case{"a redirect to another host", {301, {{"Location", "https://other.example.com/x"}}, ""}},
               Case{"a redirect to a login page", {302, {{"Location", "/login"}}, ""}},
               Case{"404 with a code nobody knows", json(R"([{"errorCode":"URL_NOT_RESET"}])", 404)},
               Case{"404 without a body", {404, {}, ""}}, Case{"401 without a code", {401, {}, ""}},
               Case{"401 with another code", json(R"([{"errorCode":"Session_Gone"}])", 401)},
               Case{"403 without a code", {403, {{"Content-Type", "text/html"}}, "<html>"}}, Case{"421", {421, {}, ""}},
               Case{"410", {410, {}, ""}}, Case{"420", {420, {{"Content-Type", "text/html"}}, "pod gone"}},
               Case{"a login page", {200, {{"Content-Type", "text/html"}}, "<html>log in</html>"}});
  INFO(moved.name);
  const bool restarts = GENERATE(false, true);
  INFO("restarts: " << restarts);
  std::atomic<bool> gone{false};
  const CrmServer old_place{[&](const net::HttpRequest&) { return gone ? moved.answer : test::json("{}"); }};
  const CrmServer new_place{answers(test::json("{}"))};
  LoginServer login{old_place.url()};
  const StateDir state;
  auto agent = std::make_unique<Agent>(login, state.path());
  check_succeeded(run(*agent->target, "m"));
  gone = true;
  login.move_to(new_place.url());
  if (restarts) agent = std::make_unique<Agent>(login, state.path());
  check_succeeded(run(*agent->target, "m"));
  check_succeeded(run(*agent->target, "m"));
  CHECK(login.logins() == 2);
  CHECK(new_place.count("/x") == 2);
}

TEST_CASE("each answer by which Salesforce ends a login, or says that the org is elsewhere, leads to one fresh login") {
  const auto salesforce = load_recipe("salesforce", std::string{CRMPULSE_SOURCE_DIR} + "/config/recipes");
  if (!salesforce) FAIL(to_string(salesforce.error()));
  struct Case {
    std::string name;
    net::HttpResponse answer;
  };
  const std::string ended = R"([{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}])";
  const auto answer = GENERATE_COPY(
      Case{"401 INVALID_SESSION_ID", json(ended, 401)}, Case{"400 INVALID_SESSION_ID", json(ended, 400)},
      Case{"403 INVALID_SESSION_ID", json(ended, 403)},
      Case{"420 of the edge", {420, {{"Content-Type", "text/html"}}, "pod gone"}}, Case{"420 alone", {420, {}, ""}},
      Case{"404 URL_NOT_RESET", json(R"([{"errorCode":"URL_NOT_RESET"}])", 404)});
  INFO(answer.name);
  const bool restarts = GENERATE(false, true);
  INFO("restarts: " << restarts);
  std::atomic<bool> gone{false};
  const CrmServer old_place{[&](const net::HttpRequest&) { return gone ? answer.answer : test::json("{}"); }};
  const CrmServer new_place{answers(test::json("{}"))};
  LoginServer login{old_place.url()};
  const StateDir state;
  auto agent = std::make_unique<Agent>(login, state.path(), "client_credentials", &*salesforce);
  check_succeeded(run(*agent->target, "m"));
  gone = true;
  login.move_to(new_place.url());
  if (restarts) agent = std::make_unique<Agent>(login, state.path(), "client_credentials", &*salesforce);
  check_succeeded(run(*agent->target, "m"));
  check_succeeded(run(*agent->target, "m"));
  CHECK(login.logins() == 2);
  CHECK(new_place.count("/x") == 2);
}

TEST_CASE("a 420 that a fresh login does not change stays the server's, and costs no login after login") {
  const CrmServer crm{answers({420, {}, ""})};
  const LoginServer login{crm.url()};
  const StateDir state;
  const Agent agent{login, state.path()};
  for (int i = 0; i < 5; ++i) check_failed(run(*agent.target, "m"), "response/server_error");
  CHECK(login.logins() == 2);
  CHECK(crm.count("/x") == 6);
}

TEST_CASE("a CRM whose old address answers no more, or has no name any more, is found by one fresh login") {
  const CrmServer new_place{answers(test::json("{}"))};
  const std::string flow = GENERATE("client_credentials", "refresh_token", "jwt_bearer");
  const std::string old_place = GENERATE("http://127.0.0.1:1", "http://crm.invalid");
  INFO(old_place);
  LoginServer login{old_place};
  const StateDir state;
  auto agent = std::make_unique<Agent>(login, state.path(), flow);
  // The doubt about the very first token is followed too: the login gives the same address.
  CHECK(run(*agent->target, "m").failure);
  CHECK(login.logins() == 2);
  login.move_to(new_place.url());
  agent = std::make_unique<Agent>(login, state.path(), flow);
  check_succeeded(run(*agent->target, "m"));
  CHECK(login.logins() == 3);
}

TEST_CASE("what a recipe knows, and what a fresh login does not change, costs no login after login") {
  const auto answer = GENERATE(json(R"([{"errorCode":"NOT_FOUND"}])", 404), json("[]", 404), json("[]", 403));
  const CrmServer crm{answers(answer)};
  const LoginServer login{crm.url()};
  const StateDir state;
  const Agent agent{login, state.path()};
  for (int i = 0; i < 5; ++i) {
    const Reading reading = run(*agent.target, "m");
    REQUIRE(reading.failure);
    CHECK(failure_text(reading) == (answer.status == 403 ? "auth/permission" : "request/missing"));
  }
  const bool known = answer.body != "[]";
  CHECK(login.logins() == (known ? 1 : 2));
  CHECK(crm.count("/x") == (known ? 5 : 6));
}
