// Tokens, roles and routes.

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/collector/collector_fixture.h"
#include "tests/support/captured_log.h"

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

TEST_CASE("each role reaches what it may and nothing else", "[slow]") {
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
  REQUIRE(refresh(tokens).has_value());
  directory.write("tokens.json", "[{");
  CHECK(refresh(tokens).has_error());
  CHECK(tokens.find(secret) != nullptr);
}

TEST_CASE("tokens that cannot be opened are not no tokens") {
  const TempDir directory;
  const std::string file = directory.path("tokens.json");
  const std::string secret = create_token(directory.path(), "branch", AccessRole::ingest).value();
  Tokens tokens{directory.path()};
  REQUIRE(refresh(tokens).has_value());
  std::filesystem::rename(file, file + ".kept");
  SECTION("a folder lies in its place") {
    std::filesystem::create_directory(file);
  }
  SECTION("a link that points nowhere") {
    std::filesystem::create_symlink(directory.path("nowhere"), file);
  }
  SECTION("links that point at each other") {
    std::filesystem::create_symlink(file, file);
  }
  SECTION("a pipe") {
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
  }
  SECTION("an empty file") {
    directory.write("tokens.json", "");
  }
  SECTION("something else") {
    directory.write("tokens.json", "{}");
  }
  CHECK(refresh(tokens).has_error());
  CHECK(tokens.fault().has_value());
  CHECK(tokens.find(secret) != nullptr);
  CHECK(list_tokens(directory.path()).has_error());
  const auto created = create_token(directory.path(), "another", AccessRole::ingest);
  REQUIRE(created.has_error());
  CHECK_THAT(created.error().message, Catch::Contains("tokens.json") && Catch::Contains("nothing was changed"));
  CHECK(revoke_token(directory.path(), "branch").has_error());
  // Nothing was put in its place.
  std::filesystem::remove_all(file);
  std::filesystem::rename(file + ".kept", file);
  CHECK(refresh(tokens).has_value());
  CHECK_FALSE(tokens.fault().has_value());
  CHECK(tokens.find(secret) != nullptr);
  CHECK(list_tokens(directory.path()).value().size() == 1);
}

TEST_CASE("a token file that was deleted holds no tokens any more") {
  const TempDir directory;
  const std::string secret = create_token(directory.path(), "branch", AccessRole::ingest).value();
  Tokens tokens{directory.path()};
  REQUIRE(refresh(tokens).has_value());
  std::filesystem::remove(directory.path("tokens.json"));
  REQUIRE(refresh(tokens).has_value());
  CHECK(tokens.find(secret) == nullptr);
}

TEST_CASE("while the tokens cannot be read the collector says so, and who was let in still is") {
  RunningCollector running{{"", "metrics: open\n", "required"}};
  const std::string state = running.directory().path("state");
  const std::string secret = create_token(state, "page", AccessRole::viewer).value();
  running.tick();
  CHECK_THAT(running.get("/metrics").body, Catch::Contains("crmpulse_collector_tokens_unreadable 0"));
  std::filesystem::rename(state + "/tokens.json", state + "/kept");
  std::filesystem::create_directory(state + "/tokens.json");
  running.tick();
  CHECK(call(running, "GET", "/api/v1/crms", secret).status == 200);
  CHECK_THAT(running.get("/metrics").body, Catch::Contains("crmpulse_collector_tokens_unreadable 1"));
}

TEST_CASE("tokens that cannot be read are told in the log when that begins and when it ends, not meanwhile") {
  const CapturedLog log;
  RunningCollector running{{"", "metrics: open\n", "required"}};
  const std::string state = running.directory().path("state");
  REQUIRE(create_token(state, "page", AccessRole::viewer).has_value());
  const auto tick = [&](int times) {
    for (int i = 0; i < times; ++i) running.tick();
  };
  const std::string file = state + "/tokens.json";
  tick(2);
  CHECK(log.lines("tokens") == 0);
  for (int round = 1; round <= 2; ++round) {
    std::filesystem::rename(file, state + "/kept");
    std::filesystem::create_symlink(file, file);
    tick(5);
    CHECK(log.lines(" error ", "tokens", file, "cannot be opened") == round);
    std::filesystem::remove(file);
    std::filesystem::rename(state + "/kept", file);
    tick(5);
    CHECK(log.lines(" info ", "the tokens can be read again") == round);
  }
}

TEST_CASE("a collector that starts with tokens it cannot read tells senders to come again, and lets them in later") {
  RunningCollector running{{"", "", "required"}};
  const std::string state = running.directory().path("state");
  const std::string sender = create_token(state, "branch", AccessRole::ingest).value();
  running.stop();
  std::filesystem::rename(state + "/tokens.json", state + "/kept");
  std::filesystem::create_directory(state + "/tokens.json");
  running.start();
  const net::ClientResponse told = call(running, "POST", "/api/v1/write", sender);
  CHECK(told.status == 503);
  CHECK_FALSE(told.header("retry-after").empty());
  CHECK(running.get("/-/ready").status == 200);
  std::filesystem::remove(state + "/tokens.json");
  std::filesystem::rename(state + "/kept", state + "/tokens.json");
  running.tick();
  CHECK(call(running, "POST", "/api/v1/write", sender).status == 415);
}

TEST_CASE("tokens may lie elsewhere than in a file") {
  class Elsewhere final : public TokenStore {
   public:
    Result<std::optional<std::vector<Token>>> read_if_changed() override {
      if (!there) return Error{"the database does not answer"};
      return std::optional{kept};
    }
    Result<void> update(const Change& change) override { return change(kept); }
    std::vector<Token> kept;
    bool there = true;
  };
  auto store = std::make_unique<Elsewhere>();
  Elsewhere& elsewhere = *store;
  const std::string secret = create_token(elsewhere, "branch", AccessRole::ingest, {"branch", {}, {"acme"}}).value();
  Tokens tokens{std::move(store)};
  CHECK(tokens.find(secret) == nullptr);
  REQUIRE(refresh(tokens).has_value());
  REQUIRE(tokens.find(secret) != nullptr);
  CHECK(tokens.find(secret)->crms == std::vector<std::string>{"acme"});
  elsewhere.there = false;
  CHECK(refresh(tokens).has_error());
  CHECK(tokens.find(secret) != nullptr);
  REQUIRE(allow_crms(elsewhere, "branch", {"acme", "shop"}).has_value());
  CHECK(elsewhere.kept.at(0).crms == std::vector<std::string>{"acme", "shop"});
  CHECK(revoke_token(elsewhere, "nobody").has_error());
}

TEST_CASE("a token keeps the CRMs it is for in the file, and only ingest has any") {
  const TempDir directory;
  const TokenTerms terms{"branch", std::nullopt, {"acme", "a \"shop\""}};
  REQUIRE(create_token(directory.path(), "branch", AccessRole::ingest, terms).has_value());
  CHECK(list_tokens(directory.path()).value().at(0).crms == terms.crms);
  CHECK(create_token(directory.path(), "page", AccessRole::viewer, {"", std::nullopt, {"acme"}}).has_error());
  CHECK(create_token(directory.path(), "line", AccessRole::ingest, {"", std::nullopt, {"a\nb"}}).has_error());
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
