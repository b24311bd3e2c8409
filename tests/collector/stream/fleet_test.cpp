// The rows of all CRMs over an engine, without streams.

#include "collector/stream/fleet.h"

#include <catch2/catch.hpp>

#include "tests/collector/core_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

TEST_CASE("each row has its turn by the steady clock, wherever the wall clock is set") {
  const TempDir directory;
  ManualClock clock{from_unix_millis(1'795'000'000'000)};
  Core core{directory, clock};
  core.latency(0.2, 10);
  Fleet fleet{core.engine()};
  const Fleet::Steady::time_point begin = Fleet::Steady::now();
  bool complete = false;
  core.thread().run([&] { complete = fleet.prepare(begin); });
  REQUIRE(complete);
  REQUIRE(fleet.size() == 1);
  // Nobody tells of this judgement: it is found when the row is made anew.
  core.latency(9.0, 10);
  REQUIRE(core.status().state == Level::poor);
  const auto changes_at = [&](Duration after) {
    std::vector<FleetChange> changes;
    core.thread().run([&] { changes = fleet.changes(begin + after); });
    return changes;
  };
  clock.advance(std::chrono::hours{1});
  CHECK(changes_at(Fleet::kRound - kSecond).empty());
  clock.advance(-std::chrono::hours{2});
  const auto changes = changes_at(Fleet::kRound);
  REQUIRE(changes.size() == 1);
  CHECK(boost::json::parse(changes[0].data).at("state").as_string() == "poor");
}
