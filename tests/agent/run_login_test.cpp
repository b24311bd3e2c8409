// How a running agent logs in, and leaves.

#include <fmt/format.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <set>
#include <string_view>

#include "tests/agent/running_agent.h"
#include "tests/probes/crm_server.h"

using namespace crmpulse;
using namespace crmpulse::agent::test;

namespace {

/// A recipe of one's own with a login of its own.
std::string desk_recipe(std::string_view login) {
  return fmt::format(R"yaml(
recipe: desk
title: {{en: Desk, zh: 服务台}}
transport: http
parameters:
  url: {{type: url, required: true, help: {{en: h, zh: h}}}}
auth:
  flows:
    login: {}
measurements:
  - {{id: liveness, liveness: true, request: {{url: /alive}}}}
)yaml",
                     login);
}

}  // namespace

TEST_CASE("a CRM that is taken out of the configuration takes its token and its session with it") {
  std::mutex mutex;
  std::multiset<std::string> asked;
  const crmpulse::test::CrmServer crm{[&](const net::HttpRequest& request) {
    const std::lock_guard lock{mutex};
    asked.insert(request.path + " " + std::string{request.header("authorization")});
    if (request.path == "/login") return crmpulse::test::json(R"({"token":"T)" + request.body + R"("})");
    return crmpulse::test::json("{}");
  }};
  const auto count = [&](const std::string& what) {
    const std::lock_guard lock{mutex};
    return asked.count(what);
  };
  const Sink sink;
  Agent agent{sink.url()};
  agent.folder.write("pw", "secret");
  const std::string recipe = agent.folder.write(
      "desk.yaml",
      desk_recipe(R"({request: {url: /login, body: "${username}"}, token: /token, logout: {url: /logout}})"));
  const auto desk = [&](const std::string& name, const std::string& username) {
    return fmt::format(
        "  - {{name: {}, recipe: '{}', with: {{url: '{}'}}, auth: {{username: {}, password_file: pw}}}}\n", name,
        recipe, crm.url(), username);
  };
  const auto tokens = [&] {
    std::size_t files = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{agent.folder.path("state/tokens"), error})
      files += entry.path().extension() == ".json" ? 1 : 0;
    return files;
  };
  agent.configure(desk("a", "one") + desk("b", "one") + desk("c", "two"));
  Process process = agent.start();
  INFO(agent.log());
  REQUIRE(eventually([&] { return count("/alive Bearer Tone") >= 2 && count("/alive Bearer Ttwo") >= 1; }));
  CHECK(tokens() == 2);
  CHECK(count("/login ") == 2);  // a and b are one account
  agent.configure(desk("a", "one") + agent.crm("acme"));
  process.signal(SIGHUP);
  REQUIRE(eventually([&] { return tokens() == 1 && count("/logout Bearer Ttwo") == 1; }));
  CHECK(count("/logout Bearer Tone") == 0);
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
  CHECK(tokens() == 1);  // the next start uses it
  CHECK(count("/logout Bearer Tone") == 0);
  agent.configure(agent.crm("acme"));
  Process next = agent.start();
  CHECK(eventually([&] { return tokens() == 0; }));
  next.signal(SIGTERM);
  CHECK(next.wait() == 0);
}

TEST_CASE("an agent whose CRM refuses the password logs in once, and says so once") {
  std::atomic<int> logins{0};
  const crmpulse::test::CrmServer crm{[&](const net::HttpRequest& request) {
    if (request.path == "/login") ++logins;
    return crmpulse::test::json(R"({"error":"bad password"})", 401);
  }};
  const Sink sink;
  Agent agent{sink.url()};
  agent.folder.write("pw", "Tr0ub4dor");
  std::string recipe =
      desk_recipe(R"({request: {url: /login, form: {u: "${username}", p: "${password}"}}, token: /token})");
  for (int i = 0; i < 19; ++i) recipe += fmt::format("  - {{id: m{}, request: {{url: /m{}}}}}\n", i, i);
  agent.folder.write("desk.yaml", recipe);
  agent.configure(
      fmt::format("  - {{name: desk, recipe: '{}', with: {{url: '{}'}}, auth: {{username: u, password_file: pw}}}}\n",
                  agent.folder.path("desk.yaml"), crm.url()));
  Process process = agent.start();
  REQUIRE(eventually([&] { return sink.accepted("crm_operation_success").size() >= 20; }));
  CHECK(logins == 1);
  process.signal(SIGTERM);
  CHECK(process.wait() == 0);
  INFO(agent.log());
  std::size_t lines = 0;
  for (std::size_t at = agent.log().find("a login fails"); at != std::string::npos;
       at = agent.log().find("a login fails", at + 1))
    ++lines;
  CHECK(lines == 1);
  CHECK(agent.log().find("a measurement fails") == std::string::npos);
  CHECK(agent.log().find("Tr0ub4dor") == std::string::npos);
}
