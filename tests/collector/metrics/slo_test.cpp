// Service levels as the collector counts and shows them.

#include <catch2/catch.hpp>

#include "collector/state/snapshot.h"
#include "core/codec.h"
#include "tests/collector/collector_fixture.h"
#include "tests/collector/support.h"
#include "wire/remote_write.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

const TimePoint kNow = parse_time("2026-11-21T12:00:00Z").value();

void up(collector::CrmFacts& facts, TimePoint at, double value, bool newer = true) {
  collector::Series series = collector::make_series(wire::series_key("crm_up", {{"crm", "acme"}, {"agent", "a"}}));
  facts.observe(series, at, value, newer);
}

const char* const kBurn =
    "  - id: burn\n    dimension: availability\n    measure: {metric: crm_up}\n    op: above\n    aggregator: burn\n"
    "    slo: 99%\n    window: 1h\n    short_window: 5m\n    min_bad: {long: 2, short: 1}\n    sub: {enter: 6, exit: "
    "4}\n"
    "    poor: {enter: 14.4, exit: 10}\n    no_data: {state: ignore}\n    remedy: unavailable\n    unit: burn_rate\n";

}  // namespace

TEST_CASE("service level counters are stored with the CRM") {
  collector::CrmFacts facts;
  facts.crm = "acme";
  for (int i = 0; i < 600; ++i) up(facts, kNow - i * 1min, i % 100 == 0 ? 0 : 1);
  facts.slo.set_maintenance(true, kNow - 10min);
  collector::CrmFacts again;
  again.crm = "acme";
  const auto bytes = collector::decode_state(collector::encode_state("engine", facts), again);
  REQUIRE(bytes.has_value());
  CHECK(*bytes == "engine");
  for (const Duration window : rules::SloCounters::kWindows)
    CHECK(again.slo.counted(kNow, window) == facts.slo.counted(kNow, window));
  CHECK(again.slo.maintenance(kNow, 1h) == 10min);
}

TEST_CASE("the day of availability that an older version stored is taken over") {
  Encoder old;
  old.u8(1);
  old.text("engine");
  old.text("tryton");
  old.text("sql");
  old.u32(0);  // failures
  old.u32(0);  // evidence
  old.u32(2);
  const std::int64_t slot = kNow.time_since_epoch() / std::chrono::minutes{5};
  for (const std::int64_t number : {slot - 24, slot}) {
    old.i64(number);
    old.u32(19);
    old.u32(20);
  }
  collector::CrmFacts facts;
  facts.crm = "acme";
  const auto bytes = collector::decode_state(old.bytes(), facts);
  REQUIRE(bytes.has_value());
  CHECK(*bytes == "engine");
  CHECK(facts.kind == "tryton");
  CHECK(facts.slo.counted(kNow, 24h) == rules::Tally{38, 40});
  CHECK(facts.slo.counted(kNow, rules::SloCounters::kPeriod) == rules::Tally{38, 40});
  CHECK(facts.slo.counted(kNow, 1h) == rules::Tally{19, 20});
  collector::CrmFacts other;
  CHECK_FALSE(collector::decode_state("\x07rubbish", other).has_value());
}

TEST_CASE("a reading that is sent twice is counted once") {
  collector::CrmFacts facts;
  up(facts, kNow, 0, true);
  up(facts, kNow, 0, false);
  CHECK(facts.slo.counted(kNow, 1h) == rules::Tally{0, 1});
}

TEST_CASE("/metrics shows the service level, its budget and how fast it burns") {
  RunningCollector running;
  running.files().rules = std::string{kQuickRules} + kBurn;
  running.write_files();
  REQUIRE(send({"POST", running.base() + "/-/reload", {}, ""}).status == 200);
  const auto write_up = [&](double value, Duration ago) {
    return send(write_call(running.base(),
                           wire::encode(std::vector{sample("crm_up", "acme", value, running.now() - ago)})))
        .status;
  };
  for (int i = 20; i > 0; --i) REQUIRE(write_up(i == 1 ? 0 : 1, i * 1s) == 204);
  const std::string metrics = running.get("/metrics").body;
  const auto has = [&](const std::string& line) { return metrics.find("\n" + line) != std::string::npos; };
  INFO(metrics);
  CHECK(has(R"(crm_slo_objective_ratio{crm="acme",kind="tryton"} 0.99)"));
  CHECK(has(R"(crm_availability_ratio{crm="acme",kind="tryton",window="5m"} 0.95)"));
  CHECK(has(R"(crm_availability_failures{crm="acme",kind="tryton",window="30d"} 1)"));
  CHECK(has(R"(crm_error_budget_burn_rate{crm="acme",kind="tryton",window="1h"} 5)"));
  CHECK(has(R"(crm_error_budget_remaining_ratio{crm="acme",kind="tryton"} 0.9999)"));
}
