// One login for many: sharing, renewing, waiting, keeping.
#include <catch2/catch.hpp>
#include <future>

#include "tests/probes/auth/vendor.h"

using namespace crmpulse;
using namespace crmpulse::test;
using Catch::Contains;
using namespace std::chrono_literals;

namespace {

struct Login {
  explicit Login(Vendor::Answer answer, const std::string& name = "client_credentials", const std::string& state = "")
      : vendor(std::move(answer)), flow(flow_named(name, vendor.url())), settings(settings_for(name)) {
    session = program.session(flow, settings, state);
  }
  Vendor vendor;
  Program program;
  probes::AuthFlow flow;
  auth::LoginSettings settings;
  std::shared_ptr<auth::Session> session;
};

/// Asks from many threads at once; the values of the header.
std::map<std::string, int> ask_at_once(auth::Session& session, int times) {
  std::vector<std::future<std::string>> asked;
  for (int i = 0; i < times; ++i)
    asked.push_back(std::async(std::launch::async, [&session] { return header(session); }));
  std::map<std::string, int> out;
  for (auto& one : asked) out[one.get()] += 1;
  return out;
}

Vendor::Answer refusing(const std::string& code = "invalid_grant") {
  return [code](const net::HttpRequest&) { return json(400, "{\"error\":\"" + code + "\"}"); };
}

std::string failure_text(auth::Session& session) {
  const auto [result, login] = access(session);
  return result.has_error() ? result.error().message : std::string{};
}

}  // namespace

TEST_CASE("a hundred who ask at once make one request") {
  Login login(tokens());
  login.vendor.hold_back(true);
  auto asked = std::async(std::launch::async, [&] { return ask_at_once(*login.session, 100); });
  REQUIRE(eventually([&] { return login.vendor.count() == 1; }));
  login.vendor.hold_back(false);
  CHECK(asked.get() == std::map<std::string, int>{{"Authorization: Bearer TOKEN-1", 100}});
  CHECK(login.vendor.count() == 1);
  CHECK(login.session->stats().requests == 1);
}

TEST_CASE("a login is told to exactly one of those who waited for it") {
  Login login(tokens());
  login.vendor.hold_back(true);
  std::atomic<int> told{0};
  std::atomic<int> answered{0};
  for (int i = 0; i < 20; ++i) {
    login.session->access(std::chrono::steady_clock::now() + 20s, [&](const auto&, const auto& with_login) {
      if (with_login) told += 1;
      answered += 1;
    });
  }
  login.vendor.hold_back(false);
  REQUIRE(eventually([&] { return answered == 20; }));
  CHECK(told == 1);
}

TEST_CASE("a revoked token is renewed once, not per call") {
  Login login(tokens());
  const auto [first, ignored] = access(*login.session);
  REQUIRE(first.has_value());
  std::vector<std::future<void>> refusing_it;
  for (int i = 0; i < 50; ++i)
    refusing_it.push_back(std::async(std::launch::async, [&] {
      login.session->refuse(first->generation);
      (void)header(*login.session);
      login.session->refuse(first->generation);  // a late answer of before
    }));
  for (auto& one : refusing_it) one.get();
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-2");
  CHECK(login.vendor.count() == 2);
}

TEST_CASE("CRMs of one identity share a session, another secret or user is another one") {
  Login login(tokens());
  CHECK(login.program.session(login.flow, login.settings) == login.session);
  auth::LoginSettings other = login.settings;
  other.secrets["client_secret"] = Secret{"changed"};
  CHECK(login.program.session(login.flow, other) != login.session);
  probes::AuthFlow elsewhere = login.flow;
  elsewhere.token_url = login.vendor.url("/other");
  CHECK(login.program.session(elsewhere, login.settings) != login.session);
  CHECK(login.program.sessions().get(flow_named("no_flow", ""), other, {}, {}, "") == nullptr);
}

TEST_CASE("a token is renewed before it ends, and given while it is good") {
  Login login(tokens(R"(,"expires_in":3600)"));
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-1");
  login.program.advance(54min);
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-1");
  CHECK(login.vendor.count() == 1);
  login.program.advance(2min);
  login.vendor.hold_back(true);
  CHECK(ask_at_once(*login.session, 10) == std::map<std::string, int>{{"Authorization: Bearer TOKEN-1", 10}});
  login.vendor.hold_back(false);
  REQUIRE(eventually([&] { return header(*login.session) == "Authorization: Bearer TOKEN-2"; }));
  CHECK(login.vendor.count() == 2);
  // Nobody asked for an hour: now it must be waited for.
  login.program.advance(1h);
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-3");
}

TEST_CASE("a renewal that fails does no harm while the old token is good") {
  Login login(tokens(R"(,"expires_in":1800)"));
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-1");
  login.vendor.answer(refusing());
  login.program.advance(28min);
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-1");
  REQUIRE(eventually([&] { return login.session->stats().refreshes.count("credentials") == 1; }));
  const auto [result, told] = access(*login.session);
  CHECK(result.has_value());
  REQUIRE(told);
  CHECK(told->failure);
  login.program.advance(2min);
  CHECK_THAT(failure_text(*login.session), Contains("invalid_grant"));
}

namespace {

/// The token after a doubt about the one in use.
std::string renewed(auth::Session& session, auth::Doubt doubt = auth::Doubt::strong) {
  const auto [before, ignored] = access(session);
  REQUIRE(before.has_value());
  auto promise = std::make_shared<std::promise<std::string>>();
  session.renew(before->generation, doubt, std::chrono::steady_clock::now() + 20s, [promise](auto result, auto) {
    promise->set_value(result.has_value() ? result->headers.at(0).second : result.error().message);
  });
  return promise->get_future().get();
}

}  // namespace

TEST_CASE("a doubted token is renewed at once, later doubts wait five minutes and then longer") {
  Login login(tokens());
  CHECK(renewed(*login.session) == "Bearer TOKEN-2");
  CHECK(renewed(*login.session) == "Bearer TOKEN-2");
  CHECK(renewed(*login.session, auth::Doubt::slight) == "Bearer TOKEN-3");  // another kind waits by itself
  login.program.advance(5min);
  CHECK(renewed(*login.session) == "Bearer TOKEN-4");
  login.program.advance(5min);
  CHECK(renewed(*login.session) == "Bearer TOKEN-4");
  login.program.advance(5min);
  CHECK(renewed(*login.session) == "Bearer TOKEN-5");
  login.program.advance(1h);
  CHECK(renewed(*login.session) == "Bearer TOKEN-6");
}

TEST_CASE("a doubted token stays in use when the fresh login fails") {
  Login login(tokens());
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-1");
  login.vendor.answer(refusing());
  CHECK(renewed(*login.session) == "Bearer TOKEN-1");
  CHECK(login.vendor.count() == 2);
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-1");
  login.program.advance(10s);
  CHECK(renewed(*login.session) == "Bearer TOKEN-1");  // the failed login makes us wait
  CHECK(login.vendor.count() == 2);
}

TEST_CASE("a token nobody said the life of is renewed daily, and given meanwhile") {
  const std::string flow = GENERATE("client_credentials", "refresh_token", "jwt_bearer");
  const StateDir state;
  Login login(tokens(), flow, state.path());
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-1");
  login.program.advance(23h);
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-1");
  CHECK(login.vendor.count() == 1);
  login.program.advance(1h);
  login.session.reset();
  login.session = login.program.session(login.flow, login.settings, state.path());  // as after a restart
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-1");
  REQUIRE(eventually([&] { return header(*login.session) == "Authorization: Bearer TOKEN-2"; }));
  CHECK(login.vendor.count() == 2);
}

TEST_CASE("a token kept by a clock that was ahead is renewed") {
  const StateDir state;
  Login login(tokens(), "client_credentials", state.path());
  login.program.advance(48h);
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-1");
  login.program.advance(-40h);
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-1");
  REQUIRE(eventually([&] { return header(*login.session) == "Authorization: Bearer TOKEN-2"; }));
}

TEST_CASE("a token the user gave is not renewed by a doubt") {
  Login login(tokens(), "bearer");
  CHECK(renewed(*login.session) == "Bearer hidden+token");
  CHECK(login.vendor.count() == 0);
}

TEST_CASE("a token's life may stand in the recipe") {
  Login login(tokens());
  login.flow.expires_in = Duration{10min};
  const auto session = login.program.session(login.flow, login.settings);
  (void)header(*session);
  CHECK(session->stats().expires == kStart + 10min);
}

TEST_CASE("a wrong password is tried ever more rarely, and says when the next try comes") {
  Login login(refusing());
  const std::vector<Duration> waits{30s, 1min, 2min, 4min, 8min, 16min, 32min, 1h, 1h};
  std::size_t tries = 0;
  for (const Duration wait : waits) {
    CHECK_THAT(failure_text(*login.session), Contains("invalid_grant"));
    CHECK(login.vendor.count() == ++tries);
    CHECK_THAT(failure_text(*login.session),
               Contains("; the next try is at " + format_time(login.program.now() + wait)));
    login.program.advance(wait - 1ms);
    CHECK_FALSE(failure_text(*login.session).empty());
    CHECK(login.vendor.count() == tries);
    login.program.advance(1ms);
  }
  login.vendor.answer(tokens());
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-1");
  const auto stats = login.session->stats();
  CHECK(stats.refreshes == decltype(stats.refreshes){{"credentials", waits.size()}, {"ok", 1}});
}

TEST_CASE("a new secret is tried at once") {
  Login login(refusing());
  CHECK_FALSE(failure_text(*login.session).empty());
  login.vendor.answer(tokens());
  login.settings.secrets["client_secret"] = Secret{"the right one"};
  CHECK(header(*login.program.session(login.flow, login.settings)) == "Authorization: Bearer TOKEN-1");
}

TEST_CASE("an endpoint that is down is asked again within seconds") {
  Login login([](const net::HttpRequest&) { return json(503, "<html>"); });
  for (const Duration wait : {2s, 4s, 8s, 15s, 15s}) {
    const std::size_t before = login.vendor.count();
    CHECK_FALSE(failure_text(*login.session).empty());
    CHECK(login.vendor.count() == before + 1);
    login.program.advance(wait - 1ms);
    CHECK_FALSE(failure_text(*login.session).empty());
    CHECK(login.vendor.count() == before + 1);
    login.program.advance(1ms);
  }
}

TEST_CASE("a rate limit's own wait is kept") {
  Login login([](const net::HttpRequest&) { return net::HttpResponse{429, {{"Retry-After", "600"}}, "{}"}; });
  CHECK_FALSE(failure_text(*login.session).empty());
  CHECK_THAT(failure_text(*login.session), Contains(format_time(kStart + 10min)));
}

TEST_CASE("a clock that is set back does not keep us waiting") {
  Login login(refusing());
  CHECK_FALSE(failure_text(*login.session).empty());
  login.program.advance(-24h);
  login.vendor.answer(tokens());
  CHECK_FALSE(header(*login.session).empty());
}

TEST_CASE("tokens that are refused at once are not asked for without end") {
  Login login(tokens());
  for (int i = 0; i < 20; ++i) {
    const auto [result, ignored] = access(*login.session);
    REQUIRE(result.has_value());
    login.session->refuse(result->generation);
  }
  CHECK(login.vendor.count() == 5);
  const auto [before, ignored] = access(*login.session);
  login.program.advance(11min);
  login.session->refuse(before->generation);
  CHECK(access(*login.session).first->generation == before->generation + 1);
}

TEST_CASE("a refused password of HTTP Basic is held back, a refused static token is not") {
  Program program;
  const auto basic = program.session(flow_named("basic", ""), settings_for("basic"));
  const auto first = access(*basic).first;
  REQUIRE(first.has_value());
  basic->refuse(first->generation);
  basic->refuse(first->generation);
  const auto held = access(*basic).first;
  REQUIRE(held.has_error());
  CHECK(held.error().reason == Reason::credentials);
  CHECK_THAT(held.error().message, Contains("the next try is at " + format_time(kStart + 30s)));
  program.advance(30s);
  const auto second = access(*basic).first;
  REQUIRE(second.has_value());
  CHECK(second->generation == first->generation + 1);
  basic->refuse(second->generation);
  CHECK_THAT(access(*basic).first.error().message, Contains(format_time(kStart + 90s)));
  program.advance(2h);
  const auto third = access(*basic).first;
  REQUIRE(third.has_value());
  basic->refuse(third->generation);
  CHECK_THAT(access(*basic).first.error().message, Contains(format_time(program.now() + 30s)));

  const auto bearer = program.session(flow_named("bearer", ""), settings_for("bearer"));
  bearer->refuse(1);
  CHECK(access(*bearer).first->generation == 1);
}

TEST_CASE("whoever cannot wait longer is answered at the deadline, the login goes on for the others") {
  Login login(tokens());
  login.vendor.hold_back(true);
  const auto [result, ignored] = access(*login.session, 100ms);
  REQUIRE(result.has_error());
  CHECK(result.error().stage == Stage::auth);
  CHECK(result.error().reason == Reason::timeout);
  login.vendor.hold_back(false);
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-1");
  CHECK(login.vendor.count() == 1);
}

TEST_CASE("when the program ends, whoever waits hears of it, and nothing is asked any more") {
  Login login(tokens());
  login.vendor.hold_back(true);
  std::promise<Reason> reason;
  login.session->access(std::chrono::steady_clock::now() + 20s,
                        [&](const auto& result, const auto&) { reason.set_value(result.error().reason); });
  REQUIRE(eventually([&] { return login.vendor.count() == 1; }));
  login.program.end();
  CHECK(reason.get_future().get() == Reason::skipped);
  CHECK(access(*login.session).first.error().reason == Reason::skipped);
  login.vendor.hold_back(false);
}

TEST_CASE("a restart needs no login") {
  const StateDir state;
  Login login(tokens(R"(,"expires_in":3600,"instance_url":"http://na1.example.com")"), "jwt_bearer", state.path());
  login.flow.base_url = "/instance_url";
  login.session = login.program.session(login.flow, login.settings, state.path());
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-1");
  Program restarted;
  const auto session = restarted.session(login.flow, login.settings, state.path());
  const auto [result, told] = access(*session);
  REQUIRE(result.has_value());
  CHECK(result->headers.at(0).second == "Bearer TOKEN-1");
  CHECK(result->base_url == "http://na1.example.com");
  CHECK_FALSE(told);
  CHECK(session->stats().obtained == kStart);
  CHECK(session->stats().expires == kStart + 1h);
  CHECK(login.vendor.count() == 1);
  // Refused after the restart: one login, kept for the next.
  session->refuse(result->generation);
  CHECK(header(*session) == "Authorization: Bearer TOKEN-2");
  CHECK(state.token_files().size() == 1);
}

TEST_CASE("a replaced refresh token outlives a restart") {
  const StateDir state;
  Vendor vendor([](const net::HttpRequest& request) {
    const std::string given = form_of(request).at("refresh_token");
    const std::string next =
        given == "hidden+refresh_token" ? "R1" : "R" + std::to_string(std::stoi(given.substr(1)) + 1);
    return json(200, "{\"access_token\":\"A-" + next + "\",\"refresh_token\":\"" + next + "\",\"expires_in\":1800}");
  });
  const auto flow = flow_named("refresh_token", vendor.url());
  const auto settings = settings_for("refresh_token");
  {
    Program program;
    const auto session = program.session(flow, settings, state.path());
    CHECK(header(*session) == "Authorization: Bearer A-R1");
    session->refuse(1);
    CHECK(header(*session) == "Authorization: Bearer A-R2");
  }
  Program restarted;
  restarted.advance(2h);
  CHECK(header(*restarted.session(flow, settings, state.path())) == "Authorization: Bearer A-R3");
}

TEST_CASE("another program's newer token is used instead of an old refresh token") {
  const StateDir state;
  Login login(tokens(R"(,"refresh_token":"ROTATED")"), "refresh_token", state.path());
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-1");
  Program other;
  other.advance(1min);
  const auto theirs = other.session(login.flow, login.settings, state.path());
  theirs->refuse(1);
  CHECK(header(*theirs) == "Authorization: Bearer TOKEN-2");
  login.session->refuse(1);
  CHECK(header(*login.session) == "Authorization: Bearer TOKEN-2");
  CHECK(login.vendor.count() == 2);
}

TEST_CASE("a token's samples: age, expiry and how its renewals ended") {
  Login login(tokens(R"(,"expires_in":3600)"));
  CHECK(auth::token_samples(login.session->stats(), {{"crm", "acme"}}, kStart).empty());
  (void)header(*login.session);
  const TimePoint at = kStart + 90s;
  const auto samples = auth::token_samples(login.session->stats(), {{"crm", "acme"}}, at);
  const std::vector<Sample> expected{{"crm_agent_token_age_seconds", {{"crm", "acme"}}, 90, at},
                                     {"crm_agent_token_expiry_timestamp_seconds",
                                      {{"crm", "acme"}},
                                      static_cast<double>(unix_millis(kStart + 1h)) / 1000,
                                      at},
                                     {"crm_agent_token_refreshes_total", {{"crm", "acme"}, {"outcome", "ok"}}, 1, at}};
  CHECK(samples == expected);
}
