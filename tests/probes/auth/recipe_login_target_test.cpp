// A CRM whose recipe describes its own login, measured as a user would: by the recipe's file and two keys of
// agent.yaml.
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "probes/auth/flows.h"
#include "tests/probes/crm_server.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

probes::auth::LoginSettings user(const std::string& flow, const std::string& password) {
  probes::auth::LoginSettings settings;
  settings.flow = flow;
  settings.texts["username"] = "monitor";
  settings.secrets["password"] = Secret{password};
  return settings;
}

boost::system::result<std::unique_ptr<probes::Target>, Problems> target_of(probes::Runtime& runtime,
                                                                           const std::string& yaml,
                                                                           const std::string& with,
                                                                           probes::auth::LoginSettings settings) {
  auto recipe = std::make_shared<const probes::Recipe>(recipe_from(yaml));
  probes::TargetSpec spec{
      "acme",
      recipe,
      arguments_from(*recipe, with + (recipe->parameter("key") != nullptr ? "\nkey_env: CRMPULSE_TEST_KEY" : "")),
      {{"crm", "acme"}, {"kind", recipe->name}, {"agent", "a1"}},
      10s};
  spec.auth = std::move(settings);
  return probes::Target::make(runtime, std::move(spec));
}

/// The recipe of the fixture, whose `key` must be given.
std::string keyed_recipe(const std::string& measurements, const std::string& more = "") {
  std::string out = http_recipe(measurements, more);
  const std::string optional = "key: {type: secret, ";
  return out.insert(out.find(optional) + optional.size(), "required: true, ");
}

const std::string kMeasurements = R"yaml(
  - {id: deals, request: {url: /deals}, samples: [{metric: crm_records, value: /total, labels: {object: deal}}]}
  - {id: users, request: {method: POST, url: /users, json: {session: "${session}"}}}
)yaml";

const std::string kTokenLogin = R"yaml(
auth:
  renew_on: [{status: 401}]
  flows:
    login:
      request: {url: /api/login, json: {login: {name: "${username}", secret: "${password}"}, app: "${key}"}}
      expect: {at: {/ok: true}}
      token: /data/token
      header: "X-Token: ${token}"
      save: {session: /data/session}
      expires_in: 1h
)yaml";

/// What was sent comes back, the worst a CRM can do.
std::string escaped_for_echo(std::string text) {
  std::erase_if(text, [](char c) { return c == '"' || c == '\\'; });
  return text;
}

/// The environment of the recipes' `key`.
const int kKeyIsSet = ::setenv("CRMPULSE_TEST_KEY", "app-key-1", 1);

/// Takes `monitor` with the password `12345678`, and what that login gave.
net::HttpResponse token_crm(const net::HttpRequest& request, std::atomic<int>& logins) {
  if (request.path == "/api/login") {
    const int number = ++logins;
    if (request.body != R"({"login":{"name":"monitor","secret":"12345678"},"app":"app-key-1"})")
      return json(R"({"ok":false,"error":"not )" + escaped_for_echo(request.body) + R"("})", 401);
    return json(R"({"ok":true,"data":{"token":"T)" + std::to_string(number) + R"(","session":"S1"}})");
  }
  if (request.header("x-token") != "T" + std::to_string(logins)) return json("{}", 401);
  if (request.path == "/users" && request.body != R"({"session":"S1"})") return json("{}", 400);
  return json(R"({"total":7})");
}

}  // namespace

TEST_CASE("a recipe's login by POST gives token and values to every measurement, with one login") {
  std::atomic<int> logins{0};
  const CrmServer crm{[&](const net::HttpRequest& request) { return token_crm(request, logins); }};
  probes::Runtime runtime;
  // The password is a number, and stays a text.
  const auto target =
      target_of(runtime, keyed_recipe(kMeasurements, kTokenLogin), "url: " + crm.url(), user("login", "12345678"));
  if (!target) FAIL(to_string(target.error()));
  for (const char* id : {"liveness", "deals", "users"}) check_succeeded(run(**target, id));
  CHECK(own_samples(run(**target, "deals")).at(R"(crm_records{object="deal"})") == 7);
  CHECK(logins == 1);
  ++logins;  // the CRM forgets its session
  check_succeeded(run(**target, "deals"));
  CHECK(logins == 3);
}

TEST_CASE("a wrong password of a recipe's login is tried once by all measurements, and told once") {
  std::atomic<int> logins{0};
  const CrmServer crm{[&](const net::HttpRequest& request) { return token_crm(request, logins); }};
  probes::Runtime runtime;
  const auto target = target_of(runtime, keyed_recipe(kMeasurements, kTokenLogin), "url: " + crm.url(),
                                user("login", "wrong-password"));
  if (!target) FAIL(to_string(target.error()));
  std::size_t told = 0;
  for (int round = 0; round < 5; ++round) {
    for (const char* id : {"liveness", "deals", "users"}) {
      const auto reading = run(**target, id);
      CHECK(failure_text(reading) == "auth/credentials");
      CHECK(reading.login_failed);
      CHECK(reading.failure->message.find("wrong-password") == std::string::npos);
      CHECK(reading.failure->message.find("app-key-1") == std::string::npos);
      told += reading.evidence.size();
    }
  }
  CHECK(logins == 1);
  CHECK(told == 1);
  CHECK(crm.requests().size() == 1);
}

TEST_CASE("a recipe's login by a form gives a session cookie to every measurement") {
  const CrmServer crm{[](const net::HttpRequest& request) {
    if (request.path == "/login.php") {
      if (request.body != "user=monitor&pass=p%20w") return net::HttpResponse{200, {}, "<form>again</form>"};
      return net::HttpResponse{302, {{"Location", "/home.php"}, {"Set-Cookie", "PHPSESSID=abc123; path=/"}}, ""};
    }
    if (request.header("cookie") != "PHPSESSID=abc123") return net::HttpResponse{302, {{"Location", "/login.php"}}, ""};
    return json(R"({"total":3})");
  }};
  const std::string login = R"yaml(
auth:
  flows:
    login:
      request: {url: /login.php, form: {user: "${username}", pass: "${password}"}}
      expect: {status: [302], location: /home}
      cookies: [PHPSESSID]
)yaml";
  const std::string deals =
      "  - {id: deals, request: {url: /deals}, samples: [{metric: crm_records, value: /total, labels: {object: "
      "deal}}]}\n";
  probes::Runtime runtime;
  const auto target = target_of(runtime, keyed_recipe(deals, login), "url: " + crm.url(), user("login", "p w"));
  if (!target) FAIL(to_string(target.error()));
  check_succeeded(run(**target, "liveness"));
  CHECK(own_samples(run(**target, "deals")).at(R"(crm_records{object="deal"})") == 3);
  CHECK(crm.count("/login.php") == 1);
  const auto wrong = target_of(runtime, keyed_recipe(deals, login), "url: " + crm.url(), user("login", "no"));
  if (!wrong) FAIL(to_string(wrong.error()));
  for (int i = 0; i < 9; ++i) CHECK(run(**wrong, "deals").login_failed);
  CHECK(crm.count("/login.php") == 2);
}

TEST_CASE("a login may send the user and the password as HTTP Basic, beside what else the vendor wants") {
  const CrmServer crm{[](const net::HttpRequest& request) {
    if (request.path == "/token") {
      const bool right = request.header("authorization") == "Basic bW9uaXRvcjpwdw==" &&  // monitor:pw
                         request.body == "grant_type=password&scope=read";
      return right ? json(R"({"access_token":"T"})") : json(R"({"error":"invalid_grant"})", 400);
    }
    return request.header("authorization") == "Bearer T" ? json("{}") : json("{}", 401);
  }};
  probes::Runtime runtime;
  const auto target = target_of(runtime, keyed_recipe("", R"yaml(
auth:
  flows:
    login:
      request: {url: /token, basic: {username: "${username}", password: "${password}"}, form: {grant_type: password, scope: read}}
      token: /access_token
)yaml"),
                                "url: " + crm.url(), user("login", "pw"));
  if (!target) FAIL(to_string(target.error()));
  check_succeeded(run(**target, "liveness"));
}

TEST_CASE("one request may be HTTP Basic where the others have a login, and both may stand in one request") {
  const CrmServer crm{[](const net::HttpRequest& request) {
    const bool basic = request.header("authorization") == "Basic cmVwb3J0OmFwcC1rZXktMQ==";  // report:app-key-1
    if (request.path == "/report") return json("{}", basic && request.header("x-token").empty() ? 200 : 401);
    if (request.path == "/both") return json("{}", basic && request.header("x-token") == "t" ? 200 : 401);
    return json("{}", request.header("x-token") == "t" ? 200 : 401);
  }};
  const std::string measurements = R"yaml(
  - {id: report, request: {url: /report, auth: none, basic: {username: report, password: "${key}"}}}
  - {id: both, request: {url: /both, basic: {username: report, password: "${key}"}}}
)yaml";
  probes::Runtime runtime;
  probes::auth::LoginSettings settings;
  settings.flow = "bearer";
  settings.secrets["token"] = Secret{"t"};
  const auto with_header = [](const std::string& header) {
    return "auth: {flows: {bearer: {header: \"" + header + "\"}}}\n";
  };
  const std::string with = "url: " + crm.url();
  const auto target = target_of(runtime, keyed_recipe(measurements, with_header("X-Token: ${token}")), with, settings);
  if (!target) FAIL(to_string(target.error()));
  for (const char* id : {"liveness", "report", "both"}) check_succeeded(run(**target, id));
  // Two values of one header would be sent.
  const auto both =
      target_of(runtime, keyed_recipe(measurements, with_header("Authorization: Bearer ${token}")), with, settings);
  REQUIRE(both.has_error());
  CHECK(to_string(both.error()).find("header Authorization") != std::string::npos);
}

TEST_CASE("a wrong user and password are sent once, as a login of the user's and in a recipe's own requests") {
  std::string measurements;
  for (int i = 0; i < 19; ++i) measurements += "  - {id: m" + std::to_string(i) + ", request: {url: /m, BASIC}}\n";
  const auto with_basic = [&](const std::string& basic) {
    std::string out = measurements;
    for (std::size_t at = out.find(", BASIC"); at != std::string::npos; at = out.find(", BASIC"))
      out.replace(at, std::string{", BASIC"}.size(), basic);
    return out;
  };
  const CrmServer crm{answers(json("{}", 401))};
  probes::Runtime runtime;
  const auto probe = [&](const std::string& yaml, const probes::auth::LoginSettings& settings) {
    const std::size_t before = crm.requests().size();
    const auto target = target_of(runtime, yaml, "url: " + crm.url(), settings);
    if (!target) FAIL(to_string(target.error()));
    for (const auto& planned : (*target)->measurements()) {
      if (planned.measurement->liveness) continue;
      const auto reading = run(**target, planned.measurement->id);
      CHECK(failure_text(reading) == "auth/credentials");
    }
    return crm.requests().size() - before;
  };
  CHECK(probe(keyed_recipe(with_basic(""), "auth: {flows: {basic: {}}}\n"), user("basic", "wrong")) == 1);
  CHECK(probe(keyed_recipe(with_basic(", basic: {username: u, password: \"${key}\"}")), {}) == 1);
}

TEST_CASE("one address that refuses a good user and password does not stop the others") {
  const CrmServer crm{[](const net::HttpRequest& request) { return json("{}", request.path == "/admin" ? 401 : 200); }};
  probes::Runtime runtime;
  const auto target =
      target_of(runtime,
                keyed_recipe("  - {id: admin, request: {url: /admin}}\n  - {id: deals, request: {url: /deals}}\n",
                             "auth: {renew_on: [{status: 401}], flows: {basic: {}}}\n"),
                "url: " + crm.url(), user("basic", "right"));
  if (!target) FAIL(to_string(target.error()));
  check_succeeded(run(**target, "liveness"));
  for (int round = 0; round < 3; ++round) {
    CHECK(failure_text(run(**target, "admin")) == "auth/credentials");
    check_succeeded(run(**target, "deals"));
  }
  CHECK(crm.count("/admin") == 3);
}

TEST_CASE("the login in docs/custom-recipe.md works as it is written") {
  std::ostringstream page;
  page << std::ifstream{std::string{CRMPULSE_SOURCE_DIR} + "/docs/custom-recipe.md"}.rdbuf();
  const std::string text = page.str();
  const std::size_t begin = text.find("recipe: desk\n");
  REQUIRE(begin != std::string::npos);
  const CrmServer crm{[](const net::HttpRequest& request) {
    if (request.path == "/api/login")
      return request.body == R"({"user":"monitor","password":"pw"})" ? json(R"({"token":"T"})") : json("{}", 401);
    return json(R"({"count":4})", request.header("authorization") == "Bearer T" ? 200 : 401);
  }};
  probes::Runtime runtime;
  const auto target = target_of(runtime, text.substr(begin, text.find("```\n", begin) - begin), "url: " + crm.url(),
                                user("login", "pw"));
  if (!target) FAIL(to_string(target.error()));
  check_succeeded(run(**target, "liveness"));
  CHECK(own_samples(run(**target, "open_tickets")).at(R"(crm_records{object="ticket"})") == 4);
  CHECK(crm.count("/api/login") == 1);
}
