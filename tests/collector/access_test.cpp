// Tokens, roles and routes.

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

net::ClientResponse call(const RunningCollector& running, const std::string& method, const std::string& path,
                         const std::string& token) {
  Call made{method, running.base() + path, {}, ""};
  if (!token.empty()) made.headers.emplace_back("Authorization", "Bearer " + token);
  return send(made);
}

std::string code_of(const net::ClientResponse& response) {
  const boost::json::value body = boost::json::parse(response.body);
  return std::string{body.at("error").at("code").as_string()};
}

}  // namespace

TEST_CASE("each role reaches what it may and nothing else") {
  RunningCollector running{{"", "", "required"}};
  const std::string state = running.directory().path("state");
  const std::string ingest = create_token(state, "branch", AccessRole::ingest).value();
  const std::string viewer = create_token(state, "page", AccessRole::viewer).value();
  const std::string operator_ = create_token(state, "ops", AccessRole::operator_).value();
  const std::string admin = create_token(state, "root", AccessRole::admin).value();
  REQUIRE(eventually([&] { return call(running, "GET", "/api/v1/crms", admin).status == 200; }));

  const net::ClientResponse without = call(running, "GET", "/api/v1/crms", "");
  CHECK(without.status == 401);
  CHECK(without.header("www-authenticate") == "Bearer");
  CHECK(code_of(without) == "unauthorized");
  CHECK(call(running, "GET", "/api/v1/crms", "crmp_wrong").status == 401);
  CHECK(call(running, "GET", "/api/v1/crms", viewer).status == 200);
  CHECK(call(running, "GET", "/api/v1/crms", operator_).status == 200);
  CHECK(call(running, "GET", "/metrics", viewer).status == 200);
  const net::ClientResponse forbidden = call(running, "GET", "/api/v1/crms", ingest);
  CHECK(forbidden.status == 403);
  CHECK(code_of(forbidden) == "forbidden");
  CHECK(call(running, "POST", "/api/v1/write", viewer).status == 403);
  CHECK(call(running, "POST", "/api/v1/write", operator_).status == 403);
  CHECK(call(running, "POST", "/api/v1/write", ingest).status == 415);
  CHECK(call(running, "POST", "/-/reload", operator_).status == 403);
  CHECK(call(running, "POST", "/-/reload", admin).status == 200);
  CHECK(call(running, "GET", "/-/healthy", "").status == 200);
  CHECK(call(running, "GET", "/-/ready", "").status == 200);

  REQUIRE(revoke_token(state, "page").has_value());
  CHECK(eventually([&] { return call(running, "GET", "/api/v1/crms", viewer).status == 401; }));
}

TEST_CASE("metrics may be open while the rest asks for tokens") {
  const RunningCollector running{{"", "metrics: open\n", "required"}};
  CHECK(running.get("/metrics").status == 200);
  CHECK(running.get("/api/v1/crms").status == 401);
}

TEST_CASE("tokens are kept as digests in a file only their owner reads") {
  const TempDir directory;
  const std::string secret = create_token(directory.path(), "branch", AccessRole::ingest).value();
  std::ifstream in{directory.path("tokens.json")};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  CHECK(text.find(secret) == std::string::npos);
  CHECK(text.find(secret.substr(5)) == std::string::npos);
  struct stat found{};
  REQUIRE(::stat(directory.path("tokens.json").c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  CHECK(create_token(directory.path(), "branch", AccessRole::viewer).has_error());
  CHECK(create_token(directory.path(), "", AccessRole::viewer).has_error());
  CHECK(list_tokens(directory.path()).value().size() == 1);
  CHECK(revoke_token(directory.path(), "nobody").has_error());
}

TEST_CASE("a damaged token file is an error, and what was known stays known") {
  const TempDir directory;
  const std::string secret = create_token(directory.path(), "branch", AccessRole::ingest).value();
  Tokens tokens{directory.path()};
  REQUIRE(tokens.refresh().has_value());
  directory.write("tokens.json", "[{");
  CHECK(tokens.refresh().has_error());
  CHECK(tokens.find(secret) != nullptr);
}

TEST_CASE("while the journal is replayed samples are taken and states shown, but nothing is ordered") {
  const auto served = [](const std::string& method, const std::string& path) {
    net::HttpRequest request;
    request.method = method;
    request.path = path;
    return served_while_recovering(request);
  };
  CHECK(served("POST", "/api/v1/write"));
  CHECK(served("POST", "/api/v1/evidence"));
  CHECK(served("GET", "/api/v1/crms"));
  CHECK(served("HEAD", "/-/ready"));
  CHECK_FALSE(served("POST", "/api/v1/incidents/1/ack"));
  CHECK_FALSE(served("POST", "/-/reload"));
  CHECK_FALSE(served("DELETE", "/api/v1/silences/1"));
}

TEST_CASE("unknown addresses are 404, wrong methods 405 with what is allowed") {
  const RunningCollector running;
  CHECK(running.get("/nowhere").status == 404);
  CHECK(running.get("/api/v1/crms/").status == 404);
  CHECK(code_of(running.get("/api/v1/crms/nobody")) == "not_found");
  const net::ClientResponse wrong = send({"DELETE", running.base() + "/api/v1/crms", {}, ""});
  CHECK(wrong.status == 405);
  CHECK(wrong.header("allow") == "GET");
  CHECK(running.get("/api/v1/write").status == 405);
}
