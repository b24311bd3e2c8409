// A login that the recipe describes: what is sent, what is taken from the answer, and what is not a login.
#include <catch2/catch.hpp>

#include "tests/probes/auth/vendor.h"

using namespace crmpulse;
using namespace crmpulse::test;
using Catch::Contains;
using namespace std::chrono_literals;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

net::HttpResponse answer_with(int status, Headers headers, std::string body = "") {
  return {status, std::move(headers), std::move(body)};
}

Vendor::Answer always(net::HttpResponse response) {
  return [response = std::move(response)](const net::HttpRequest&) { return response; };
}

/// A login at a vendor, as a recipe describes it.
struct Described {
  explicit Described(Vendor::Answer answer) : vendor(std::move(answer)), flow(flow_named("login", vendor.url())) {}
  std::shared_ptr<auth::Session> session(const std::string& state_dir = "") {
    return program.session(flow, settings_for("login"), state_dir);
  }
  Headers headers() {
    const auto [result, login] = access(*session());
    if (result.has_error()) FAIL(result.error().message);
    return result->headers;
  }
  Failure failure() {
    const auto [result, login] = access(*session());
    REQUIRE(result.has_error());
    CHECK(result.error().message.find("hidden") == std::string::npos);
    return result.error();
  }
  Vendor vendor;
  Program program;
  probes::AuthFlow flow;
};

}  // namespace

TEST_CASE("a login sends the user and the password, and puts the token of the answer into its header") {
  Described login(always(json(200, R"({"data":{"token":"T-1"},"ok":true})")));
  login.flow.token = "/data/token";
  CHECK(login.headers() == Headers{{"Authorization", "Bearer T-1"}});
  login.flow.header = "X-Session: id=${token}";
  CHECK(login.headers() == Headers{{"X-Session", "id=T-1"}});
  const auto request = login.vendor.requests().front();
  CHECK(request.method == "POST");
  CHECK(form_of(request) ==
        std::map<std::string, std::string>{{"user", "monitor-username"}, {"pass", "hidden+password"}});
}

TEST_CASE("a token may come in a header or a cookie of the answer") {
  Described login(always(answer_with(201, {{"X-Subject-Token", "T-2"}, {"Set-Cookie", "csrf=C-9; Path=/"}})));
  login.flow.token.clear();
  login.flow.token_header = "x-subject-token";
  CHECK(login.headers() == Headers{{"Authorization", "Bearer T-2"}});
  login.flow.token_header.clear();
  login.flow.token_cookie = "csrf";
  login.flow.header = "X-CSRF: ${token}";
  login.flow.cookies = {"csrf"};
  CHECK(login.headers() == Headers{{"Cookie", "csrf=C-9"}, {"X-CSRF", "C-9"}});
}

TEST_CASE("session cookies are sent back as they were last set, without those that end at once") {
  Described login(always(answer_with(302, {{"Location", "/home"},
                                           {"Set-Cookie", "PHPSESSID=old; path=/; HttpOnly"},
                                           {"Set-Cookie", "PHPSESSID=new; path=/; HttpOnly"},
                                           {"Set-Cookie", "wp_logged_in_5f=abc%7C; Secure; SameSite=Lax"},
                                           {"Set-Cookie", "remember=deleted; Max-Age=0"},
                                           {"Set-Cookie", "theme=dark"}})));
  login.flow.token.clear();
  login.flow.cookies = {"PHPSESSID"};
  CHECK(login.headers() == Headers{{"Cookie", "PHPSESSID=new"}});
  login.flow.cookies = {"PHPSESSID", "wp_logged_in_*"};
  CHECK(login.headers() == Headers{{"Cookie", "PHPSESSID=new; wp_logged_in_5f=abc%7C"}});
  login.flow.cookies = {"*"};
  CHECK(login.headers() == Headers{{"Cookie", "PHPSESSID=new; wp_logged_in_5f=abc%7C; theme=dark"}});
  login.flow.cookies = {"remember"};
  CHECK(login.failure().reason == Reason::credentials);
}

TEST_CASE("an answer that is not what the recipe expects of a login is wrong credentials") {
  Described login(always(answer_with(302, {{"Location", "/login?failed"}, {"Set-Cookie", "SID=1"}}, "<p>no</p>")));
  login.flow.token.clear();
  login.flow.cookies = {"SID"};
  CHECK(login.headers() == Headers{{"Cookie", "SID=1"}});
  login.flow.expect_location = "/home";
  CHECK(login.failure().reason == Reason::credentials);
  login.flow.expect_location.clear();
  login.flow.request->expect_contains = "Welcome";
  CHECK(login.failure().reason == Reason::credentials);
  login.flow.request->expect_contains.clear();
  login.flow.request->expect_absent = "<p>no</p>";
  CHECK(login.failure().reason == Reason::credentials);
  login.flow.request->expect_absent.clear();
  login.flow.request->expect_status = {200};
  CHECK(login.failure().reason == Reason::bad_content);
  login.vendor.answer(always(json(200, R"({"success":false,"message":"Invalid user or password"})")));
  login.flow.request->expect_at = {{"/success", "true"}};
  const Failure refused = login.failure();
  CHECK(refused.reason == Reason::credentials);
  CHECK_THAT(refused.message, Contains("Invalid user or password"));
}

TEST_CASE("a login that answers without its token is not a wrong password, and tells where it was looked for") {
  Described login(always(json(200, R"({"token":"T-1","expires_in":900})")));
  login.flow.token = "/access_token";
  login.flow.request->url += "?user=hidden";
  const Failure failure = login.failure();
  CHECK(failure.stage == Stage::auth);
  CHECK(failure.reason == Reason::missing);
  CHECK_THAT(failure.message,
             Contains("HTTP 200, nothing at /access_token (`token` of the recipe); it has token, expires_in"));
  CHECK_THAT(failure.message, !Contains("T-1") && !Contains("?"));
  login.flow.token = "/token";
  login.flow.save = {{"base", "/data/base"}};
  const Failure saved = login.failure();
  CHECK(saved.reason == Reason::missing);
  CHECK_THAT(saved.message, Contains("nothing at /data/base (`save.base` of the recipe)"));
  login.flow.save.clear();
  login.flow.token.clear();
  login.flow.token_header = "x-session";
  const Failure header = login.failure();
  CHECK(header.reason == Reason::missing);
  CHECK_THAT(header.message, Contains("nothing at the header x-session"));
  // The CRM itself says that it is an error.
  login.vendor.answer(always(json(200, R"({"error":"no such user"})")));
  login.flow.token_header.clear();
  login.flow.token = "/token";
  const Failure refused = login.failure();
  CHECK(refused.reason == Reason::credentials);
  CHECK_THAT(refused.message, Contains("nothing at /token") && Contains("no such user"));
}

TEST_CASE("a login that is refused is told with its address, path and status, without the query") {
  Described login(always(json(404, R"({"error":{"message":"not found"}})")));
  login.flow.request->url = login.vendor.url() + "/api/api/login?key=hidden";
  const Failure failure = login.failure();
  CHECK(failure.reason == Reason::missing);
  CHECK_THAT(failure.message, Contains("the login at 127.0.0.1:") &&
                                  Contains("/api/api/login failed: HTTP 404: not found") && !Contains("key"));
  login.vendor.answer(always(json(401, "{}")));
  login.flow.request->url = login.vendor.url() + "/users/jane/login";
  CHECK_THAT(login.failure().message, Contains("/users/jane/login failed: HTTP 401"));
}

TEST_CASE("a status tells why a login failed") {
  for (const auto& [status, reason] : {std::pair{400, Reason::credentials},
                                       {401, Reason::credentials},
                                       {403, Reason::permission},
                                       {404, Reason::missing},
                                       {422, Reason::credentials},
                                       {429, Reason::rate_limited},
                                       {500, Reason::server_error},
                                       {503, Reason::server_error}}) {
    CAPTURE(status);
    Described login(always(json(status, R"({"error":{"message":"no"}})")));
    CHECK(login.failure().reason == reason);
  }
}

TEST_CASE("what a login tells of its life is heeded in each of its forms") {
  const std::string in_an_hour = format_time(kStart + 1h);
  const std::string unix_seconds = std::to_string(unix_millis(kStart + 1h) / 1000);
  for (const std::string& told :
       {std::string{"3600"}, std::string{"\"3600\""}, "\"" + in_an_hour + "\"", unix_seconds, unix_seconds + "000"}) {
    CAPTURE(told);
    Described login(always(json(200, R"({"access_token":"T","expires":)" + told + "}")));
    login.flow.expires = "/expires";
    const auto session = login.session();
    REQUIRE(access(*session).first.has_value());
    CHECK(session->stats().expires == kStart + 1h);
  }
  Described cookie(always(answer_with(200, {{"Set-Cookie", "SID=1; Max-Age=1800"}})));
  cookie.flow.token.clear();
  cookie.flow.cookies = {"SID"};
  const auto session = cookie.session();
  REQUIRE(access(*session).first.has_value());
  CHECK(session->stats().expires == kStart + 30min);
  Described silent(always(json(200, R"({"access_token":"T"})")));
  silent.flow.expires_in = 20min;
  const auto by_recipe = silent.session();
  REQUIRE(access(*by_recipe).first.has_value());
  CHECK(by_recipe->stats().expires == kStart + 20min);
}

TEST_CASE("an address a login tells is used, but not a weaker one, and values are kept for later requests") {
  Described login(always(json(200, R"({"access_token":"T","server":"http://eu1.example/","user":{"id":7}})")));
  login.flow.base_url = "/server";
  login.flow.save = {{"user_id", "/user/id"}};
  const auto result = access(*login.session()).first;
  REQUIRE(result.has_value());
  CHECK(result->base_url == "http://eu1.example");
  CHECK(result->values.at("user_id") == "7");
  login.flow.url = "https://crm.example/login";
  CHECK(login.failure().reason == Reason::bad_content);
}

TEST_CASE("a wrong password of a recipe's login is tried once, and then after 30 s, 60 s and so on") {
  for (const int status : {200, 400, 401, 403, 422}) {
    CAPTURE(status);
    Described login(always(json(status, R"({"error":"no"})")));
    const auto session = login.session();
    for (int i = 0; i < 19; ++i) CHECK(access(*session).first.has_error());
    CHECK(login.vendor.count() == 1);
    login.program.advance(31s);
    for (int i = 0; i < 19; ++i) CHECK(access(*session).first.has_error());
    CHECK(login.vendor.count() == 2);
    login.program.advance(31s);
    CHECK(access(*session).first.has_error());
    CHECK(login.vendor.count() == 2);
  }
}

TEST_CASE("a login that looks like one that worked, and was none, is not tried again and again") {
  Described login(always(answer_with(200, {{"Set-Cookie", "SID=anonymous"}})));
  login.flow.token.clear();
  login.flow.cookies = {"SID"};
  const auto session = login.session();
  const auto first = access(*session).first;
  REQUIRE(first.has_value());
  session->refuse(first->generation);
  for (int i = 0; i < 19; ++i) CHECK(access(*session).first.has_error());
  CHECK(login.vendor.count() == 1);
  login.program.advance(31s);
  const auto second = access(*session).first;
  REQUIRE(second.has_value());
  session->refuse(second->generation);
  login.program.advance(31s);  // now it is a minute
  CHECK(access(*session).first.has_error());
  CHECK(login.vendor.count() == 2);
}

TEST_CASE("a session that was good and has ended is logged in anew at once") {
  Described login(tokens());
  const auto session = login.session();
  const auto first = access(*session).first;
  REQUIRE(first.has_value());
  session->accept(first->generation);
  session->refuse(first->generation);
  const auto second = access(*session).first;
  REQUIRE(second.has_value());
  CHECK(second->headers == Headers{{"Authorization", "Bearer TOKEN-2"}});
}

TEST_CASE("a kept session that has ended while the program was away is logged in anew at once") {
  const StateDir state;
  Described login(tokens());
  REQUIRE(access(*login.session(state.path())).first.has_value());
  Program next;
  const auto after_restart = next.session(login.flow, settings_for("login"), state.path());
  const auto kept = access(*after_restart).first;
  REQUIRE(kept.has_value());
  CHECK(login.vendor.count() == 1);
  after_restart->refuse(kept->generation);
  CHECK(access(*after_restart).first.has_value());
  CHECK(login.vendor.count() == 2);
}

TEST_CASE("cookies are kept over a restart") {
  const StateDir state;
  Described login(always(answer_with(200, {{"Set-Cookie", "SID=kept"}})));
  login.flow.token.clear();
  login.flow.cookies = {"SID"};
  REQUIRE(access(*login.session(state.path())).first.has_value());
  Program next;
  const auto again = access(*next.session(login.flow, settings_for("login"), state.path())).first;
  REQUIRE(again.has_value());
  CHECK(again->headers == Headers{{"Cookie", "SID=kept"}});
  CHECK(login.vendor.count() == 1);
}

TEST_CASE("a redirect of a login is not followed: the password goes to the recipe's address alone") {
  Vendor elsewhere(tokens());
  Described login(always(answer_with(307, {{"Location", elsewhere.url()}})));
  login.flow.request->max_bytes = 1000;
  (void)login.failure();
  CHECK(elsewhere.count() == 0);
}

TEST_CASE("a session that nobody can use any more is logged out, with what its login gave") {
  Described login([](const net::HttpRequest& request) {
    return request.path == "/logout" ? answer_with(204, {}) : json(200, R"({"access_token":"T-1"})");
  });
  login.flow.logout.emplace();
  login.flow.logout->method = "POST";
  login.flow.logout->url = login.vendor.url("/logout");
  login.flow.logout->form = {{"session", "${token}"}};
  {
    const auto session = login.session();
    REQUIRE(access(*session).first.has_value());
    CHECK(login.vendor.count() == 1);
  }
  login.program.end();
  const auto requests = login.vendor.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[1].path == "/logout");
  CHECK(requests[1].header("authorization") == "Bearer T-1");
  CHECK(form_of(requests[1]).at("session") == "T-1");
}

TEST_CASE("a session that the next start uses is not logged out, but one of an identity that is gone is") {
  const StateDir state;
  std::atomic<int> logouts{0};
  Described login([&](const net::HttpRequest& request) {
    if (request.path != "/logout") return json(200, R"({"access_token":"T-1"})");
    ++logouts;
    return answer_with(204, {});
  });
  login.flow.logout.emplace();
  login.flow.logout->method = "POST";
  login.flow.logout->url = login.vendor.url("/logout");
  std::string identity;
  {
    const auto session = login.session(state.path());
    REQUIRE(access(*session).first.has_value());
    identity = session->identity();
  }
  Program next;
  REQUIRE(access(*next.session(login.flow, settings_for("login"), state.path())).first.has_value());
  next.end();
  CHECK(login.vendor.count() == 1);
  login.program.sessions().keep_only({identity}, state.path());
  {
    const auto session = login.session(state.path());
    login.program.sessions().keep_only({"somebody else"}, state.path());
    REQUIRE(access(*session).first.has_value());  // its run goes on
    CHECK(state.token_files().size() == 1);
  }
  CHECK(eventually([&] { return logouts == 1 && state.token_files().empty(); }));
}
