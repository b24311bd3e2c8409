// Browsers: sessions that a token begins, and people a reverse proxy vouches for.

#include "collector/http/sessions.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using Catch::Contains;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

net::ClientResponse call(const RunningCollector& running, const std::string& method, const std::string& path,
                         Headers headers = {}, std::string body = "") {
  if (!body.empty()) headers.emplace_back("Content-Type", "application/json");
  return send({method, running.base() + path, std::move(headers), std::move(body)});
}

net::ClientResponse sign_in(const RunningCollector& running, const std::string& token, Headers headers = {}) {
  return call(running, "POST", "/api/v1/session", std::move(headers), R"({"token":")" + token + R"("})");
}

/// `name=value` of what an answer sets.
std::string cookie_of(const net::ClientResponse& response) {
  const std::string set{response.header("set-cookie")};
  return set.substr(0, set.find(';'));
}

std::string role_of(const RunningCollector& running, const Headers& headers) {
  const boost::json::value session = boost::json::parse(call(running, "GET", "/api/v1/session", headers).body);
  if (!session.at("signed_in").as_bool()) return "nobody";
  return std::string{session.at("role").as_string()} + " by " + std::string{session.at("auth").as_string()};
}

const std::string kSilence = R"({"matchers":{"crm":"acme"},"expires_in":"1h","comment":"planned"})";

}  // namespace

TEST_CASE("a token begins a session whose cookie opens what the token opens") {
  RunningCollector running{{"", "", "required"}};
  const std::string state = running.directory().path("state");
  const std::string viewer = create_token(state, "page", AccessRole::viewer).value();
  const std::string ingest = create_token(state, "branch", AccessRole::ingest).value();
  REQUIRE(eventually([&] { return sign_in(running, viewer).status == 200; }));
  CHECK(role_of(running, {}) == "nobody");

  const net::ClientResponse begun = sign_in(running, viewer);
  CHECK_THAT(std::string{begun.header("set-cookie")}, Contains("HttpOnly") && Contains("SameSite=Strict") &&
                                                          Contains("Path=/;") && !Contains("Secure") &&
                                                          !Contains(viewer));
  const Headers cookie{{"Cookie", "other=1; " + cookie_of(begun)}};
  CHECK(role_of(running, cookie) == "viewer by session");
  CHECK(call(running, "GET", "/api/v1/crms", cookie).status == 200);
  CHECK(call(running, "GET", "/api/v1/audit", cookie).status == 403);
  CHECK(call(running, "GET", "/api/v1/crms").status == 401);

  CHECK(sign_in(running, ingest).status == 403);
  CHECK(sign_in(running, "crmp_wrong").status == 401);
  CHECK(call(running, "POST", "/api/v1/session", {}, "[]").status == 400);
  CHECK(call(running, "POST", "/api/v1/session", {}, "{}").status == 400);

  REQUIRE(revoke_token(state, "page").has_value());
  CHECK(eventually([&] { return call(running, "GET", "/api/v1/crms", cookie).status == 401; }));
  const std::string anew = create_token(state, "page", AccessRole::viewer).value();
  REQUIRE(eventually([&] { return sign_in(running, anew).status == 200; }));
  CHECK(call(running, "GET", "/api/v1/crms", cookie).status == 401);
}

TEST_CASE("signing out ends the session, and the others of the token go on") {
  RunningCollector running{{"", "", "required"}};
  const std::string viewer = create_token(running.directory().path("state"), "page", AccessRole::viewer).value();
  REQUIRE(eventually([&] { return sign_in(running, viewer).status == 200; }));
  const Headers one{{"Cookie", cookie_of(sign_in(running, viewer))}};
  const Headers other{{"Cookie", cookie_of(sign_in(running, viewer))}};
  const net::ClientResponse out = call(running, "DELETE", "/api/v1/session", one);
  CHECK(out.status == 204);
  CHECK_THAT(std::string{out.header("set-cookie")}, Contains("Max-Age=0"));
  CHECK(call(running, "GET", "/api/v1/crms", one).status == 401);
  CHECK(call(running, "GET", "/api/v1/crms", other).status == 200);
}

TEST_CASE("a restart signs nobody out") {
  RunningCollector running{{"", "", "required"}};
  const std::string viewer = create_token(running.directory().path("state"), "page", AccessRole::viewer).value();
  REQUIRE(eventually([&] { return sign_in(running, viewer).status == 200; }));
  const std::string value = cookie_of(sign_in(running, viewer));
  running.stop();
  running.start();
  // The cookie is named after the port, which is another one in a test.
  const std::string name = cookie_of(sign_in(running, viewer));
  const Headers cookie{{"Cookie", name.substr(0, name.find('=')) + value.substr(value.find('='))}};
  CHECK(call(running, "GET", "/api/v1/crms", cookie).status == 200);
  struct stat found{};
  REQUIRE(::stat(running.directory().path("state/session.key").c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
}

TEST_CASE("what changes something by a cookie must come from the collector's own page") {
  RunningCollector running{{"", "", "required"}};
  const std::string token = create_token(running.directory().path("state"), "ops", AccessRole::operator_).value();
  REQUIRE(eventually([&] { return sign_in(running, token).status == 200; }));
  const std::string cookie = cookie_of(sign_in(running, token));
  const auto silence = [&](const Headers& more) {
    Headers headers{{"Cookie", cookie}};
    headers.insert(headers.end(), more.begin(), more.end());
    return call(running, "POST", "/api/v1/silences", headers, kSilence).status;
  };
  CHECK(silence({}) == 403);
  CHECK(silence({{"Origin", "https://evil.example.com"}}) == 403);
  CHECK(silence({{"Origin", "null"}}) == 403);
  CHECK(silence({{"Sec-Fetch-Site", "cross-site"}}) == 403);
  CHECK(silence({{"Sec-Fetch-Site", "same-site"}}) == 403);
  CHECK(silence({{"Sec-Fetch-Site", "none"}}) == 403);
  CHECK(silence({{"Origin", running.base()}}) == 201);
  CHECK(silence({{"Sec-Fetch-Site", "same-origin"}}) == 201);
  const boost::json::value audit =
      boost::json::parse(call(running, "GET", "/api/v1/silences", {{"Authorization", "Bearer " + token}}).body);
  CHECK(audit.at("silences").as_array().at(0).at("author").as_string() == "ops");
}

TEST_CASE("sessions are made by this collector alone and end in time") {
  const TempDir directory;
  const std::string secret = create_token(directory.path(), "page", AccessRole::viewer).value();
  Tokens tokens{directory.path()};
  REQUIRE(refresh(tokens).has_value());
  const auto token = tokens.find(secret);
  REQUIRE(token != nullptr);
  const TimePoint now = wall_now();
  Sessions sessions;
  CHECK(sessions.begin(*token, now).empty());
  sessions.use_key(session_key(directory.path()).value());
  const std::string value = sessions.begin(*token, now);
  const auto session = sessions.find(value, tokens, now);
  REQUIRE(session);
  CHECK(session->token->name == "page");
  CHECK(session->ends - now <= Sessions::kLifetime);
  CHECK(sessions.find(value, tokens, now + Sessions::kLifetime - std::chrono::minutes{1}));
  CHECK_FALSE(sessions.find(value, tokens, now + Sessions::kLifetime));
  // A clock that is set back by seconds signs nobody out; what one wrote that was days ahead does not hold for weeks.
  CHECK(sessions.find(value, tokens, now - std::chrono::seconds{30}));
  CHECK_FALSE(sessions.find(value, tokens, now - std::chrono::hours{1}));
  CHECK_FALSE(sessions.find(sessions.begin(*token, now + std::chrono::hours{24 * 365}), tokens, now));

  for (std::size_t i = 0; i < value.size(); ++i) {
    std::string forged = value;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    INFO(forged);
    CHECK_FALSE(sessions.find(forged, tokens, now));
  }
  for (const std::string& odd : {std::string{}, std::string{"."}, std::string{"..."}, std::string{"a.b.c.d"},
                                 value + ".x", value.substr(0, value.rfind('.')), std::string(100'000, 'x')})
    CHECK_FALSE(sessions.find(odd, tokens, now));
  Sessions other;
  other.use_key(std::string(32, 'k'));
  CHECK_FALSE(other.find(value, tokens, now));
  CHECK(session_key(directory.path()).value() == session_key(directory.path()).value());
}

TEST_CASE("a key that is damaged is not replaced") {
  const TempDir directory;
  REQUIRE(session_key(directory.path()).has_value());
  std::ofstream{directory.path("session.key")} << "???";
  const auto key = session_key(directory.path());
  REQUIRE_FALSE(key.has_value());
  CHECK_THAT(key.error().message, Contains("session.key is damaged"));
}

TEST_CASE("a proxy in front says who people are, if it is trusted") {
  RunningCollector running{{"", "", "{mode: required, proxy: {role_header: X-Role, trusted: [127.0.0.1]}}"}};
  const Headers alice{{"X-Forwarded-User", "alice"}};
  CHECK(role_of(running, alice) == "viewer by proxy");
  CHECK(role_of(running, {{"X-Forwarded-User", "bob"}, {"X-Role", "operator"}}) == "operator by proxy");
  CHECK(role_of(running, {{"X-Forwarded-User", "bob"}, {"X-Role", "ingest"}}) == "viewer by proxy");
  CHECK(role_of(running, {{"X-Role", "admin"}}) == "nobody");
  CHECK(role_of(running, {{"X-Forwarded-User", ""}}) == "nobody");
  CHECK(call(running, "GET", "/api/v1/crms", alice).status == 200);
  CHECK(call(running, "POST", "/api/v1/silences", alice, kSilence).status == 403);
  Headers bob{{"X-Forwarded-User", "bob"}, {"X-Role", "operator"}};
  CHECK(call(running, "POST", "/api/v1/silences", bob, kSilence).status == 403);
  bob.emplace_back("Sec-Fetch-Site", "same-origin");
  CHECK(call(running, "POST", "/api/v1/silences", bob, kSilence).status == 201);
  const boost::json::value silences = boost::json::parse(call(running, "GET", "/api/v1/silences", alice).body);
  CHECK(silences.at("silences").as_array().at(0).at("author").as_string() == "bob");
}

TEST_CASE("a stranger's word, or a proxy's without its secret, is not believed") {
  SECTION("another address is trusted") {
    const RunningCollector running{{"", "", "{proxy: {trusted: [10.1.2.3]}}"}};
    CHECK(role_of(running, {{"X-Forwarded-User", "alice"}}) == "nobody");
  }
  SECTION("the proxy has a secret") {
    RunningCollector running{{"", "", "required"}};
    running.stop();
    running.directory().write("proxy.secret", "s3cret-of-the-proxy\n");
    REQUIRE(::chmod(running.directory().path("proxy.secret").c_str(), 0600) == 0);
    running.files().auth = "{proxy: {trusted: [127.0.0.1], secret_file: proxy.secret, role: operator}}";
    running.write_files();
    running.start();
    CHECK(role_of(running, {{"X-Forwarded-User", "alice"}}) == "nobody");
    CHECK(role_of(running, {{"X-Forwarded-User", "alice"}, {"X-Proxy-Secret", "wrong"}}) == "nobody");
    CHECK(role_of(running, {{"X-Forwarded-User", "alice"}, {"X-Proxy-Secret", "s3cret-of-the-proxy"}}) ==
          "operator by proxy");
  }
}
