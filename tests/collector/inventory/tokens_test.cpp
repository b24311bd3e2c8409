// Tokens over HTTP: made once, listed without secrets, revoked; and what the audit log keeps of it.

#include <catch2/catch.hpp>
#include <fstream>

#include "collector/http/tokens.h"
#include "tests/collector/collector_fixture.h"
#include "tests/support/captured_log.h"

using namespace crmpulse;
using namespace crmpulse::test;
using collector::AccessRole;

namespace {

namespace json = boost::json;

struct Admin {
  RunningCollector& running;
  std::string token;

  [[nodiscard]] net::ClientResponse call(const std::string& method, const std::string& path,
                                         const std::string& body = "") const {
    Call made{method, running.base() + path, {{"Authorization", "Bearer " + token}}, body};
    if (method == "POST") made.headers.emplace_back("Content-Type", "application/json");
    return send(made);
  }
};

CollectorFiles with_tokens() {
  CollectorFiles files;
  files.auth = "required";
  return files;
}

Admin admin_of(RunningCollector& running) {
  Admin admin{running, collector::create_token(running.directory().path("state"), "root", AccessRole::admin).value()};
  running.tick();
  return admin;
}

std::string whole(const std::string& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

TEST_CASE("a token that is made over HTTP works at once, is shown once, and ends when it is revoked") {
  const CapturedLog log;
  RunningCollector running{with_tokens()};
  const Admin root = admin_of(running);
  const auto made = root.call("POST", "/api/v1/tokens", R"({"name":"val","role":"viewer","expires_in":"90d"})");
  REQUIRE(made.status == 201);
  const std::string secret{json::parse(made.body).at("token").as_string()};
  CHECK(secret.starts_with("crmp_"));
  const Admin val{running, secret};
  CHECK(val.call("GET", "/api/v1/crms").status == 200);
  CHECK(val.call("GET", "/api/v1/tokens").status == 403);
  CHECK(val.call("POST", "/api/v1/tokens", R"({"name":"x","role":"admin"})").status == 403);

  const auto listed = root.call("GET", "/api/v1/tokens");
  CHECK(listed.body.find("crmp_") == std::string::npos);
  const json::value tokens = json::parse(listed.body).at("tokens");
  REQUIRE(tokens.as_array().size() == 2);
  CHECK(tokens.at(0).at("name").as_string() == "root");
  CHECK(tokens.at(0).at("own").as_bool());
  CHECK(tokens.at(0).at("expires_at").is_null());
  CHECK(tokens.at(1).at("name").as_string() == "val");
  CHECK_FALSE(tokens.at(1).at("own").as_bool());
  CHECK(tokens.at(1).at("role").as_string() == "viewer");
  CHECK(tokens.at(1).at("expires_at").is_string());

  CHECK(root.call("DELETE", "/api/v1/tokens/val").status == 204);
  CHECK(val.call("GET", "/api/v1/crms").status == 401);
  CHECK(root.call("DELETE", "/api/v1/tokens/val").status == 404);

  const json::value audit = json::parse(root.call("GET", "/api/v1/audit").body).at("entries");
  REQUIRE(audit.as_array().size() >= 2);
  CHECK(audit.at(0).at("action").as_string() == "DELETE /api/v1/tokens/val");
  CHECK(audit.at(1).at("action").as_string() == "POST /api/v1/tokens");
  CHECK(audit.at(1).at("about").as_string() == "val");
  // The secret is nowhere but in the one answer.
  CHECK(log.lines("", secret) == 0);
  for (const char* file : {"/audit.jsonl", "/tokens.json"})
    CHECK(whole(running.directory().path("state") + file).find(secret) == std::string::npos);
}

TEST_CASE("the token that asks cannot revoke itself, and a name is given once") {
  RunningCollector running{with_tokens()};
  const Admin root = admin_of(running);
  const auto own = root.call("DELETE", "/api/v1/tokens/root");
  CHECK(own.status == 409);
  CHECK(json::parse(own.body).at("error").at("code").as_string() == "own_token");
  CHECK(root.call("GET", "/api/v1/tokens").status == 200);
  const auto taken = root.call("POST", "/api/v1/tokens", R"({"name":"root","role":"viewer"})");
  CHECK(taken.status == 409);
  CHECK(json::parse(taken.body).at("error").at("code").as_string() == "exists");
}

TEST_CASE("what a new token cannot be is refused with its field, and nothing is made") {
  RunningCollector running{with_tokens()};
  const Admin root = admin_of(running);
  struct Wrong {
    const char* body;
    const char* field;
  };
  for (const Wrong& one : {Wrong{R"({"role":"viewer"})", "name"}, Wrong{R"({"name":"a\nb","role":"viewer"})", "name"},
                           Wrong{R"({"name":"a","role":"boss"})", "role"}, Wrong{R"({"name":"a"})", "role"},
                           Wrong{R"({"name":"a","role":"viewer","agent":"branch"})", "agent"},
                           Wrong{R"({"name":"a","role":"viewer","crms":["acme"]})", "crms"},
                           Wrong{R"({"name":"a","role":"ingest","crms":"acme"})", "crms"},
                           Wrong{R"({"name":"a","role":"viewer","expires_in":"soon"})", "expires_in"},
                           Wrong{R"({"name":"a","role":"viewer","expires_in":"4000d"})", "expires_in"},
                           Wrong{R"({"name":"a","role":"viewer","secret":"mine"})", "secret"}}) {
    INFO(one.body);
    const auto answer = root.call("POST", "/api/v1/tokens", one.body);
    CHECK(answer.status == 400);
    CHECK(json::parse(answer.body).at("error").at("field").as_string() == one.field);
  }
  CHECK(json::parse(root.call("GET", "/api/v1/tokens").body).at("tokens").as_array().size() == 1);
  const auto bound =
      root.call("POST", "/api/v1/tokens", R"({"name":"a","role":"ingest","agent":"branch","crms":["acme"]})");
  CHECK(bound.status == 201);
  const json::value made = json::parse(root.call("GET", "/api/v1/tokens").body).at("tokens").at(0);
  CHECK(made.at("agent").as_string() == "branch");
  CHECK(made.at("crms").at(0).as_string() == "acme");
}
