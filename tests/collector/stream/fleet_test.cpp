// The rows of all CRMs over an engine, also when more of them are judged than there is time for.

#include "collector/stream/fleet.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "collector/stream/row_queue.h"
#include "core/time/clock.h"
#include "tests/collector/core_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

constexpr int kCrms = 2000;    ///< their rows take many slices
constexpr int kMost = 20'000;  ///< slices, each of kSlice at most

Sample latency(const std::string& crm, double seconds, TimePoint at) {
  return sample("crm_operation_duration_seconds", crm, seconds, at, {{"operation", "read"}});
}

/// A sample of every CRM, a second after the last.
void write_all(Core& core, ManualClock& clock, double of_zeta) {
  clock.advance(kSecond);
  std::vector<Sample> samples;
  for (int i = 0; i < kCrms; ++i) samples.push_back(latency(fmt::format("customer-{:04}", i), 0.2, clock.now()));
  samples.push_back(latency("zeta", of_zeta, clock.now()));
  core.write(samples);
}

}  // namespace

TEST_CASE("however many CRMs are judged, rows become complete and a change of state is told with the next pulse") {
  const TempDir directory;
  ManualClock clock{wall_now()};
  Core core{directory, clock};
  for (int i = 0; i < 5; ++i) write_all(core, clock, 0.2);
  Fleet fleet{core.engine()};
  std::vector<std::string> all;
  core.thread().run([&] {
    all = core.engine().rules().crms();
    core.engine().on_judged([&](std::span<const std::string> crms) { fleet.judged(crms); });
    int slices = 0;
    while (!fleet.prepare()) {
      fleet.judged(all);
      REQUIRE(++slices < kMost);
    }
    CHECK(fleet.size() == kCrms + 1);
  });
  core.thread().run([&] {
    while (fleet.behind()) (void)fleet.changes(Fleet::Which::all);
  });
  for (int i = 0; i < 12; ++i) write_all(core, clock, 9);
  std::vector<FleetChange> told;
  core.thread().run([&] {
    told = fleet.changes(Fleet::Which::urgent);
    core.engine().on_judged({});
  });
  REQUIRE(told.size() == 1);
  const boost::json::value row = boost::json::parse(told.front().data);
  CHECK(row.at("crm").as_string() == "zeta");
  CHECK(row.at("state").as_string() == "poor");
  const auto score = row.at("score").to_number<double>();
  CHECK(score == std::round(score));
}

TEST_CASE("whoever waits for a row has its turn, those that come again go to the end, and what counts goes before") {
  RowQueue queue;
  for (const std::string crm : {"a", "b", "c"}) queue.add(crm);
  CHECK(queue.next() == "a");
  for (const std::string crm : {"a", "b"}) queue.add(crm);
  queue.add_first("c");
  std::string order;
  while (const auto crm = queue.next()) order += *crm;
  CHECK(order == "cba");
  CHECK(queue.empty());
}

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
    core.thread().run([&] { changes = fleet.changes(Fleet::Which::all, begin + after); });
    return changes;
  };
  clock.advance(std::chrono::hours{1});
  CHECK(changes_at(Fleet::kRound - kSecond).empty());
  clock.advance(-std::chrono::hours{2});
  const auto changes = changes_at(Fleet::kRound);
  REQUIRE(changes.size() == 1);
  CHECK(boost::json::parse(changes[0].data).at("state").as_string() == "poor");
}
