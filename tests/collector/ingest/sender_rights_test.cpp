// A token is bound in the body too: docs/decisions/0016-tokens-are-bound-in-the-body.md.
#include "collector/ingest/sender_rights.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "collector/http/token_file.h"
#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using Catch::Contains;

namespace {

/// A collector with tokens, and senders that use them.
class Bound {
 public:
  explicit Bound(std::string extra = "") : running{{"", "metrics: open\n" + std::move(extra), "required"}} {
    viewer_ = create_token(state(), "page", AccessRole::viewer).value();
  }
  [[nodiscard]] std::string state() const { return running.directory().path("state"); }
  std::string token(const std::string& name, const std::string& agent, std::vector<std::string> crms = {}) {
    std::string secret =
        create_token(state(), name, AccessRole::ingest, {agent, std::nullopt, std::move(crms)}).value();
    running.tick();
    return secret;
  }
  int write(const std::string& token, const std::string& agent, const std::vector<Sample>& samples) {
    Call call = write_call(running.base(), wire::encode(samples));
    return status(std::move(call), token, agent);
  }
  int tell(const std::string& token, const std::string& agent, const std::string& lines) {
    return status({"POST", running.base() + "/api/v1/evidence", {}, lines}, token, agent);
  }
  [[nodiscard]] boost::json::value crm(const std::string& name) const {
    const Call call{"GET", running.base() + "/api/v1/crms/" + name, {{"Authorization", "Bearer " + viewer_}}, ""};
    const net::ClientResponse answer = send(call);
    return answer.status == 200 ? boost::json::parse(answer.body) : boost::json::value{};
  }
  [[nodiscard]] double skipped(const std::string& reason) const {
    const std::string text = running.get("/metrics").body;
    const std::string line = "crmpulse_collector_ingest_skipped_series_total{reason=\"" + reason + "\"} ";
    const auto at = text.find(line);
    return at == std::string::npos ? 0 : std::stod(text.substr(at + line.size()));
  }
  [[nodiscard]] Sample latency(const std::string& crm, double seconds, const std::string& agent,
                               Duration ahead = {}) const {
    Sample made =
        sample("crm_operation_duration_seconds", crm, seconds, running.now() + ahead, {{"operation", "read"}});
    made.labels.set("agent", agent);
    return made;
  }

  RunningCollector running;

 private:
  int status(Call call, const std::string& token, const std::string& agent) {
    call.headers.emplace_back("Authorization", "Bearer " + token);
    if (!agent.empty()) call.headers.emplace_back("X-Crm-Agent", agent);
    return send(call).status;
  }

  std::string viewer_;
};

double latency_of(const boost::json::value& crm) {
  for (const boost::json::value& dimension : crm.at("dimensions").as_array()) {
    if (dimension.at("dimension").as_string() == "latency" && !dimension.at("value").is_null())
      return dimension.at("value").to_number<double>();
  }
  return -1;
}

}  // namespace

TEST_CASE("a token of one agent sends nothing about another's CRM, whatever it says in the labels") {
  Bound bound;
  const std::string a = bound.token("a", "a");
  const std::string b = bound.token("b", "b");
  REQUIRE(bound.write(a, "a", {bound.latency("acme", 0.2, "a")}) == 204);
  REQUIRE(latency_of(bound.crm("acme")) == 0.2);
  SECTION("as itself") {
    bound.write(b, "b", {bound.latency("acme", 9, "b")});
  }
  SECTION("as the other agent") {
    bound.write(b, "b", {bound.latency("acme", 9, "a")});
  }
  SECTION("as nobody") {
    bound.write(b, "b", {bound.latency("acme", 9, "")});
  }
  SECTION("in the future") {
    bound.write(b, "b", {bound.latency("acme", 9, "b", std::chrono::seconds{299})});
  }
  SECTION("another series of it") {
    bound.write(b, "b", {sample("crm_up", "acme", 1, bound.running.now(), {{"agent", "b"}})});
    bound.write(b, "b",
                {sample("crm_vendor_status", "acme", 3, bound.running.now(), {{"agent", "b"}, {"instance", "x"}})});
  }
  CHECK(bound.skipped("other_agent") + bound.skipped("other_crm") >= 1);
  CHECK(latency_of(bound.crm("acme")) == 0.2);
  // What the agent itself sends after that is not taken as older than what is known.
  REQUIRE(bound.write(a, "a", {bound.latency("acme", 0.3, "a", std::chrono::seconds{1})}) == 204);
  CHECK(latency_of(bound.crm("acme")) == 0.3);
  // Nothing of it comes back with the journal either.
  bound.running.stop();
  bound.running.start();
  CHECK(latency_of(bound.crm("acme")) == 0.3);
}

TEST_CASE("what a token may not send is left out, and the rest of its request is taken") {
  Bound bound;
  const std::string a = bound.token("a", "a");
  const std::string b = bound.token("b", "b");
  REQUIRE(bound.write(a, "a", {bound.latency("acme", 0.2, "a")}) == 204);
  for (int round = 0; round < 3; ++round) {
    const Duration later{std::chrono::seconds{round}};
    CHECK(bound.write(b, "b", {bound.latency("shop", 0.5, "b", later), bound.latency("acme", 9, "b", later)}) == 204);
  }
  CHECK(latency_of(bound.crm("shop")) == 0.5);
  CHECK(latency_of(bound.crm("acme")) == 0.2);
  CHECK(bound.skipped("other_crm") == 3);
}

TEST_CASE("evidence about another agent's CRM, or under its name, is left out line by line") {
  Bound bound;
  const std::string a = bound.token("a", "a");
  const std::string b = bound.token("b", "b");
  REQUIRE(bound.write(a, "a", {bound.latency("acme", 0.2, "a")}) == 204);
  REQUIRE(bound.write(b, "b", {bound.latency("shop", 0.2, "b")}) == 204);
  const auto line = [&](const char* crm, const char* agent, const char* text) {
    return fmt::format(R"({{"at":"{}","crm":"{}","kind":"odoo","agent":"{}","text":"{}"}})"
                       "\n",
                       format_time(bound.running.now()), crm, agent, text);
  };
  CHECK(bound.tell(
            b, "b",
            line("acme", "b", "see http://phish") + line("shop", "a", "as another") + line("shop", "b", "own")) == 204);
  CHECK(bound.crm("acme").at("evidence").as_array().empty());
  const boost::json::value shop = bound.crm("shop");
  REQUIRE(shop.at("evidence").as_array().size() == 1);
  CHECK_THAT(boost::json::serialize(shop.at("evidence")), Contains("own"));
  CHECK(bound.skipped("other_crm") == 1);
  CHECK(bound.skipped("other_agent") == 1);
  bound.running.stop();
  bound.running.start();
  CHECK(bound.crm("acme").at("evidence").as_array().empty());
}

TEST_CASE("a token does not claim another agent's batch numbers") {
  Bound bound;
  const std::string a = bound.token("a", "a");
  const std::string b = bound.token("b", "b");
  Call call = write_call(bound.running.base(), wire::encode(std::vector{bound.latency("shop", 0.2, "b")}));
  call.headers.emplace_back("Authorization", "Bearer " + b);
  call.headers.emplace_back("X-Crm-Agent", "a");
  call.headers.emplace_back("X-Crm-Batch-Seq", "7");
  CHECK(send(call).status == 403);
  call.body = wire::encode(std::vector{bound.latency("acme", 0.2, "a")});
  call.headers[call.headers.size() - 3].second = "Bearer " + a;
  CHECK(send(call).status == 204);
  CHECK(latency_of(bound.crm("acme")) == 0.2);
}

TEST_CASE("two agents watch one CRM from two places when their tokens are for it") {
  Bound bound;
  const std::string a = bound.token("a", "a");
  const std::string b = bound.token("b", "b", {"acme"});
  REQUIRE(bound.write(a, "a", {bound.latency("acme", 0.2, "a")}) == 204);
  CHECK(bound.write(b, "b", {bound.latency("acme", 0.4, "b", std::chrono::seconds{1})}) == 204);
  CHECK(latency_of(bound.crm("acme")) == 0.4);
  CHECK(bound.write(a, "a", {bound.latency("acme", 0.6, "a", std::chrono::seconds{2})}) == 204);
  CHECK(latency_of(bound.crm("acme")) == 0.6);
  CHECK(bound.skipped("other_crm") == 0);
  // A token with a list is for nothing else.
  bound.write(b, "b", {bound.latency("new", 0.4, "b")});
  CHECK(bound.crm("new").is_null());
  CHECK(bound.skipped("other_crm") == 1);
}

TEST_CASE("a token that is allowed another CRM later sends about it from then on") {
  Bound bound;
  const std::string a = bound.token("a", "a");
  const std::string b = bound.token("b", "b");
  REQUIRE(bound.write(a, "a", {bound.latency("acme", 0.2, "a")}) == 204);
  bound.write(b, "b", {bound.latency("acme", 0.4, "b", std::chrono::seconds{1})});
  CHECK(latency_of(bound.crm("acme")) == 0.2);
  {
    const auto file = std::make_unique<TokenFile>(bound.state());
    REQUIRE(allow_crms(*file, "b", {"acme"}).has_value());
  }
  bound.running.tick();
  CHECK(bound.write(b, "b", {bound.latency("acme", 0.4, "b", std::chrono::seconds{2})}) == 204);
  CHECK(latency_of(bound.crm("acme")) == 0.4);
}

TEST_CASE("who sends without an agent's name, and tokens that are bound to nothing, go on as they did") {
  Bound bound;
  const std::string prometheus = bound.token("prometheus", "");
  CHECK(bound.write(prometheus, "", {bound.latency("acme", 0.2, "")}) == 204);
  CHECK(bound.write(prometheus, "",
                    {bound.latency("acme", 0.3, "a", std::chrono::seconds{1}), bound.latency("shop", 0.3, "b")}) ==
        204);
  CHECK(latency_of(bound.crm("acme")) == 0.3);
  CHECK(latency_of(bound.crm("shop")) == 0.3);
  CHECK(bound.skipped("other_agent") + bound.skipped("other_crm") == 0);
  // What nobody's name stands on is not free for an agent's token.
  CHECK(bound.write(prometheus, "", {bound.latency("exported", 0.2, "")}) == 204);
  const std::string b = bound.token("b", "b");
  bound.write(b, "b", {bound.latency("exported", 9, "b", std::chrono::seconds{1})});
  CHECK(latency_of(bound.crm("exported")) == 0.2);
}

TEST_CASE("a token with a list of CRMs and no agent is bound to the list") {
  Bound bound;
  const std::string some = bound.token("some", "", {"acme"});
  CHECK(bound.write(some, "", {bound.latency("acme", 0.2, "x"), bound.latency("shop", 0.2, "x")}) == 204);
  CHECK(latency_of(bound.crm("acme")) == 0.2);
  CHECK(bound.crm("shop").is_null());
}

TEST_CASE("a CRM is its agent's for a day after its last sample, and again after a restart") {
  rules::Engine engine{Ruleset{}, {}};
  TimePoint now = parse_time("2026-11-21T09:00:00Z").value();
  const auto send_as = [&](const char* agent, TimePoint at) {
    (void)engine.fold(engine.bind("crm_up", {{"crm", "acme"}, {"agent", agent}}), at, 1, at);
  };
  const Token b{"b", AccessRole::ingest, "hash", now, "b", std::nullopt, {}};
  SenderRights rights{engine};
  const auto verdict = [&](TimePoint at) {
    rights.begin(&b, at);
    return rights.check("acme", "b");
  };
  CHECK(verdict(now) == SenderRights::Verdict::allowed);
  send_as("a", now);
  CHECK(verdict(now) == SenderRights::Verdict::other_crm);
  CHECK(verdict(now + std::chrono::hours{23}) == SenderRights::Verdict::other_crm);
  CHECK(verdict(now + std::chrono::hours{25}) == SenderRights::Verdict::allowed);
  SECTION("with an agent's name") {}
  SECTION("without") {
    now += std::chrono::hours{30};
    send_as("", now);
    CHECK(verdict(now) == SenderRights::Verdict::other_crm);
  }
  const std::string bytes = engine.save("acme");
  engine = rules::Engine{Ruleset{}, {}};
  REQUIRE(engine.load("acme", bytes).has_value());
  CHECK(verdict(now + std::chrono::hours{1}) == SenderRights::Verdict::other_crm);
  CHECK(verdict(now + std::chrono::hours{25}) == SenderRights::Verdict::allowed);
  // Who watched it before the collector was updated goes on.
  send_as("b", now);
  CHECK(verdict(now) == SenderRights::Verdict::allowed);
}

TEST_CASE("other rights have another number, and no bounds have none") {
  const rules::Engine engine{Ruleset{}, {}};
  SenderRights rights{engine};
  const TimePoint now = parse_time("2026-11-21T09:00:00Z").value();
  const auto number_of = [&](const Token* token) {
    rights.begin(token, now);
    return rights.number();
  };
  Token token{"b", AccessRole::ingest, "hash", now, "b", std::nullopt, {}};
  const std::uint32_t first = number_of(&token);
  CHECK(first != 0);
  CHECK(number_of(&token) == first);
  token.crms = {"acme"};
  const std::uint32_t second = number_of(&token);
  CHECK(second != 0);
  CHECK(second != first);
  CHECK(number_of(nullptr) == 0);
  const Token open{"open", AccessRole::ingest, "hash", now, "", std::nullopt, {}};
  CHECK(number_of(&open) == 0);
}
