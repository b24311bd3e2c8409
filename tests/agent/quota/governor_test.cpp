#include "agent/quota/governor.h"

#include <catch2/catch.hpp>

#include "agent/quota/call_files.h"
#include "tests/probes/crm_server.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace std::chrono_literals;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();

Governor::Options options(std::vector<PlannedRun> runs, std::optional<double> per_day = 5000) {
  Governor::Options out;
  out.runs = std::move(runs);
  out.allowance = "daily";
  out.per_day = per_day;
  return out;
}

std::vector<Sample> quota(double limit, double remaining, TimePoint at = kNow) {
  const Labels labels{{"crm", "acme"}, {"allowance", "daily"}};
  return {{"crm_api_limit", labels, limit, at}, {"crm_api_remaining", labels, remaining, at}};
}

/// One call that succeeds.
void make(Governor& governor, std::size_t run, TimePoint now, int calls = 1) {
  REQUIRE(governor.admit(run, now).admitted);
  governor.finished(run, {calls, {}, {}}, now);
}

}  // namespace

TEST_CASE("what fits into the cap is not stretched") {
  const CallPlan plan = plan_calls(std::vector<PlannedRun>{{1h, 1, Part::liveness}, {6h, 2}}, 50);
  CHECK(plan.planned == Approx(32));
  CHECK(plan.made == Approx(32));
  CHECK(plan.stretch == std::vector<double>{1, 1});
  CHECK_FALSE(plan.is_short());
}

TEST_CASE("without an allowance nothing is stretched") {
  const CallPlan plan = plan_calls(std::vector<PlannedRun>{{1s, 10, Part::liveness}}, std::nullopt);
  CHECK(plan.stretch == std::vector<double>{1});
  CHECK_FALSE(plan.allowed);
}

TEST_CASE("liveness has half of a short allowance, staleness a quarter, the rest a quarter") {
  const std::vector<PlannedRun> runs{{30s, 1, Part::liveness}, {5min, 1, Part::staleness}, {1h, 4}, {1h, 2}};
  const CallPlan plan = plan_calls(runs, 50);
  CHECK(plan.is_short());
  CHECK(plan.made == Approx(47.5));
  const auto a_day = [&](std::size_t i) {
    return runs[i].calls * 86400 / (to_seconds(runs[i].interval) * plan.stretch[i]);
  };
  CHECK(a_day(0) == Approx(23.75));
  CHECK(a_day(1) == Approx(11.875));
  CHECK(a_day(2) + a_day(3) == Approx(11.875));
}

TEST_CASE("what a part does not need goes to the others") {
  const CallPlan plan = plan_calls(std::vector<PlannedRun>{{12h, 1, Part::liveness}, {1min, 1}}, 50);
  CHECK(plan.stretch[0] == 1);
  CHECK(plan.share[0] == Approx(2));
  CHECK(plan.share[2] == Approx(48));
}

TEST_CASE("within a part the frequent give way before the rare") {
  const CallPlan plan = plan_calls(std::vector<PlannedRun>{{5min, 1}, {1h, 1}, {24h, 2}}, 50);
  CHECK(plan.stretch[2] == 1);
  CHECK(plan.stretch[0] * 300 == Approx(plan.stretch[1] * 3600));
  CHECK(plan.made == Approx(47.5));
}

TEST_CASE("calls that nobody counts are not stretched") {
  const CallPlan plan = plan_calls(std::vector<PlannedRun>{{30s, 0, Part::liveness}, {1min, 1}}, 50);
  CHECK(plan.stretch[0] == 1);
  CHECK(plan.stretch[1] == Approx(1440 / 47.5));
}

TEST_CASE("the ledger forgets a call after a day, not before") {
  CallLedger ledger;
  ledger.add(kNow, Part::others, 3);
  ledger.add(kNow + 2h, Part::liveness, 1);
  CHECK(ledger.day(kNow + 24h) == 4);
  CHECK(ledger.day(kNow + 24h + 15min) == 1);
  CHECK(ledger.day(kNow + 24h, Part::others) == 3);
  CHECK(ledger.at_most(3, kNow + 3h) == kNow + 24h + 15min);
  CHECK(ledger.at_most(0, kNow + 3h) == kNow + 26h + 15min);
  CHECK(ledger.at_most(0, kNow + 3h, Part::others) == kNow + 24h + 15min);
  ledger.add(kNow, Part::others, -2);
  CHECK(ledger.day(kNow + 1h, Part::others) == 1);
}

TEST_CASE("a run that would pass the cap is refused until enough calls are a day old") {
  Governor governor{options({{24h, 1, Part::liveness}, {24h, 20}}, 3000)};  // a cap of 30
  make(governor, 1, kNow, 20);
  for (int i = 0; i < 10; ++i) make(governor, 0, kNow + 1h);
  const auto refused = governor.admit(0, kNow + 2h);
  CHECK_FALSE(refused.admitted);
  CHECK_FALSE(refused.paused);
  CHECK(refused.again == kNow + 24h + 15min);
  CHECK(governor.admit(0, refused.again).admitted);
}

TEST_CASE("a run that is under way counts as it was planned, then as it was") {
  Governor governor{options({{24h, 5}})};
  REQUIRE(governor.admit(0, kNow).admitted);
  CHECK(governor.status(kNow).made == 5);
  governor.finished(0, {2, {}, {}}, kNow + 1s);
  CHECK(governor.status(kNow + 1s).made == 2);
}

TEST_CASE("a measurement that makes more calls than planned is planned with them") {
  Governor governor{options({{1h, 1}})};
  CHECK(governor.stretch(0) == 1);
  for (int i = 0; i < 10; ++i) {
    if (governor.admit(0, kNow + i * 24h).admitted) governor.finished(0, {10, {}, {}}, kNow + i * 24h);
  }
  CHECK(governor.status(kNow).planned > 150);
  CHECK(governor.stretch(0) > 3);
}

TEST_CASE("the limit the CRM tells goes before the configured one") {
  Governor governor{options({{1h, 10}}, 1'000'000)};
  CHECK(governor.stretch(0) == 1);
  const auto before = governor.revision();
  (void)governor.learn(quota(5000, 4000));
  CHECK(governor.status(kNow).allowed == 50);
  CHECK(governor.stretch(0) == Approx(240 / 47.5));
  CHECK(governor.revision() > before);
  (void)governor.learn(quota(5000, 3999));
  CHECK(governor.revision() == before + 1);
}

TEST_CASE("near the CRM's own cap intervals grow further, and shrink again") {
  Governor governor{options({{24h, 1}})};
  (void)governor.learn(quota(5000, 400, kNow));
  CHECK(governor.stretch(0) == 2);
  (void)governor.learn(quota(5000, 200, kNow + 1min));
  CHECK(governor.stretch(0) == 4);
  (void)governor.learn(quota(5000, 50, kNow + 2min));
  CHECK(governor.stretch(0) == 8);
  (void)governor.learn(quota(5000, 4900, kNow + 3min));
  CHECK(governor.stretch(0) == 1);
}

TEST_CASE("while the CRM wants to be left alone nothing is asked, then less often, then as before") {
  Governor governor{options({{24h, 1, Part::liveness}, {24h, 0}})};
  REQUIRE(governor.admit(0, kNow).admitted);
  governor.finished(0, {1, Duration{90s}, Reason::rate_limited}, kNow);
  const auto paused = governor.admit(0, kNow + 89s);
  CHECK_FALSE(paused.admitted);
  CHECK(paused.paused);
  CHECK(paused.again == kNow + 90s);
  CHECK_FALSE(governor.admit(1, kNow + 89s).admitted);
  CHECK(governor.status(kNow).paused_until == kNow + 90s);
  CHECK(governor.stretch(0) == 2);
  for (int i = 0; i < 4; ++i) make(governor, 0, kNow + 90s);
  CHECK(governor.stretch(0) == 1);
}

TEST_CASE("an agent that a CRM sends away for two hours asks again after two hours, not after one") {
  const std::string failures = "failures: [{status: 429, stage: response, reason: rate_limited, wait: 10s}]\n";
  const crmpulse::test::CrmServer crm{crmpulse::test::answers({429, {{"Retry-After", "7200"}}, "{}"})};
  const auto reading = crmpulse::test::run_once(crm, "  - {id: m, request: {url: /x}}\n", failures);
  crmpulse::test::check_failed(reading, "response/rate_limited");
  REQUIRE(reading.wait == Duration{2h});

  Governor governor{options({{24h, 1, Part::liveness}, {24h, 2}})};
  REQUIRE(governor.admit(0, kNow).admitted);
  governor.finished(0, {reading.calls, reading.wait, reading.failure->reason}, kNow);
  CHECK(governor.status(kNow).paused_until == kNow + 2h);
  for (const std::size_t run : {std::size_t{0}, std::size_t{1}}) {
    const auto refused = governor.admit(run, kNow + 2h - 1s);
    CHECK_FALSE(refused.admitted);
    CHECK(refused.paused);
    CHECK(refused.again == kNow + 2h);
  }
  // Not even a restart forgets it.
  Governor restarted{options({{24h, 1, Part::liveness}, {24h, 2}})};
  restarted.restore(decode_memory(encode_memory(governor.memory())).value(), kNow + 1h);
  CHECK_FALSE(restarted.admit(0, kNow + 2h - 1s).admitted);
  CHECK(governor.admit(0, kNow + 2h).admitted);
}

TEST_CASE("refusals in a row double the intervals, but not without end") {
  Governor governor{options({{24h, 1}}, 1'000'000)};
  TimePoint now = kNow;
  for (int i = 0; i < 20; ++i) {
    REQUIRE(governor.admit(0, now).admitted);
    governor.finished(0, {1, {}, Reason::quota}, now);
    now += 1min;
  }
  CHECK(governor.stretch(0) == 64);
}

TEST_CASE("a Retry-After of an outage delays the next look at most five minutes and stretches nothing") {
  Governor governor{options({{24h, 1}})};
  REQUIRE(governor.admit(0, kNow).admitted);
  governor.finished(0, {1, Duration{2h}, Reason::maintenance}, kNow);
  CHECK(governor.admit(0, kNow).again == kNow + 5min);
  CHECK(governor.stretch(0) == 1);
}

TEST_CASE("a database is asked as configured, whatever it answers") {
  Governor::Options database = options({{30s, 1, Part::liveness}}, std::nullopt);
  database.backs_off = false;
  Governor governor{database};
  REQUIRE(governor.admit(0, kNow).admitted);
  governor.finished(0, {1, {}, Reason::quota}, kNow);
  CHECK(governor.admit(0, kNow).admitted);
  CHECK(governor.stretch(0) == 1);
}

TEST_CASE("calls, limit, penalty and pause outlive a restart as text") {
  Governor governor{options({{24h, 1}})};
  make(governor, 0, kNow, 7);
  (void)governor.learn(quota(6000, 5000));
  REQUIRE(governor.admit(0, kNow + 1h).admitted);
  governor.finished(0, {1, Duration{30min}, Reason::rate_limited}, kNow + 1h);
  const auto memory = decode_memory(encode_memory(governor.memory()));
  REQUIRE(memory);
  Governor next{options({{24h, 1}})};
  next.restore(*memory, kNow + 70min);
  CHECK(next.status(kNow + 70min).made == 8);
  CHECK(next.status(kNow + 70min).allowed == 60);
  CHECK(next.status(kNow + 70min).paused_until == kNow + 90min);
  CHECK(next.stretch(0) == 2);
  CHECK_FALSE(decode_memory("something else"));
  CHECK_FALSE(decode_memory("crmpulse-calls 1\ncalls 1 two\n"));
}

TEST_CASE("a clock that was set back neither loses calls nor keeps them for ever") {
  Governor governor{options({{24h, 1}})};
  make(governor, 0, kNow + 240h, 7);
  Governor next{options({{24h, 1}})};
  next.restore(governor.memory(), kNow);
  CHECK(next.status(kNow).made == 7);
  CHECK(next.status(kNow + 25h).made == 0);
}

TEST_CASE("a pause counts from its beginning until a call is answered again, also over several pauses and a restart") {
  Governor governor{options({{1min, 1, Part::liveness}})};
  CHECK_FALSE(governor.status(kNow).paused_since);
  governor.finished(0, {1, Duration{1h}, Reason::quota}, kNow);
  CHECK(governor.status(kNow + 30min).paused_since == kNow);
  governor.finished(0, {1, Duration{1h}, Reason::quota}, kNow + 1h);
  CHECK(governor.status(kNow + 90min).paused_since == kNow);
  Governor again{options({{1min, 1, Part::liveness}})};
  again.restore(governor.memory(), kNow + 90min);
  CHECK(again.status(kNow + 95min).paused_since == kNow + 90min);
  governor.finished(0, {1, {}, {}}, kNow + 2h + 1min);
  CHECK_FALSE(governor.status(kNow + 2h + 2min).paused_since);
}
