// The timeline of states as the engine writes it: with the state, once, through restarts, gaps and maintenance.

#include <catch2/catch.hpp>

#include "store/history/states.h"
#include "tests/collector/core_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart = parse_time("2026-11-21T09:00:00Z").value();

std::vector<store::StateChange> changes(Core& core) {
  core.settle();
  std::vector<store::StateChange> found;
  core.in_store([&](store::Database& database) {
    return store::read_state_changes(database, "acme", TimePoint{}, kStart + 1000h,
                                     [&](const store::StateChange& one) { found.push_back(one); });
  });
  return found;
}

/// The states in order, each once.
std::vector<Level> levels(const std::vector<store::StateChange>& all) {
  std::vector<Level> out;
  for (const store::StateChange& one : all) {
    if (one.data_status == DataStatus::warming_up || one.data_status == DataStatus::no_data) continue;
    if (out.empty() || out.back() != one.state) out.push_back(one.state);
  }
  return out;
}

const std::vector<Level> kUpAndDown{Level::healthy, Level::poor, Level::healthy};

void go_up_and_down(Core& core) {
  core.latency(0.1, 20);
  core.latency(9, 30);
  REQUIRE(core.status().state == Level::poor);
  core.latency(0.1, 60);
  REQUIRE(core.status().state == Level::healthy);
}

Suppression maintenance(TimePoint from, TimePoint to) {
  Suppression suppression;
  suppression.id = "M1";
  suppression.kind = Suppression::Kind::maintenance;
  suppression.matchers.push_back({"crm", {"acme"}});
  suppression.created = suppression.starts = from;
  suppression.ends = to;
  return suppression;
}

}  // namespace

TEST_CASE("each change of a CRM's state is in its timeline, with the time at which it changed") {
  const TempDir directory;
  ManualClock clock{kStart};
  Core core{directory, clock};
  go_up_and_down(core);
  const auto all = changes(core);
  CHECK(all.front().at < kStart + 5s);
  CHECK(levels(all) == kUpAndDown);
  CHECK(all.back().at == core.status().since);
  CHECK(all.back().score);
}

TEST_CASE("a crash and its replay leave each change of state in the timeline once") {
  const TempDir directory;
  ManualClock clock{kStart};
  std::vector<store::StateChange> before;
  {
    Core core{directory, clock};
    go_up_and_down(core);
    before = changes(core);
  }
  clock.advance(5s);
  Core core{directory, clock};
  const auto after = changes(core);
  CHECK(levels(after) == kUpAndDown);
  REQUIRE(after.size() >= before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    CHECK(after[i].at == before[i].at);
    CHECK(after[i].state == before[i].state);
  }
}

TEST_CASE("while the collector does not run there is no data") {
  const TempDir directory;
  ManualClock clock{kStart};
  {
    Core core{directory, clock};
    core.latency(0.1, 20);
    changes(core);
  }
  const TimePoint stopped = clock.now();
  clock.advance(1h);
  Core core{directory, clock};
  core.latency(0.1, 5);
  const auto all = changes(core);
  const auto gap = std::find_if(all.begin(), all.end(),
                                [](const store::StateChange& one) { return one.data_status == DataStatus::no_data; });
  REQUIRE(gap != all.end());
  CHECK(stopped - gap->at < 30s);
  CHECK(gap->state == Level::healthy);
  CHECK_FALSE(gap->score);
  REQUIRE(std::next(gap) != all.end());
  CHECK(std::next(gap)->at >= stopped + 1h);
  CHECK(std::next(gap)->data_status != DataStatus::no_data);
}

TEST_CASE("the timeline says when maintenance begins and ends, and when data goes stale and comes again") {
  const TempDir directory;
  ManualClock clock{kStart};
  Core core{directory, clock};
  core.latency(0.1, 20);
  const TimePoint from = clock.now();
  core.thread().run([&] { core.engine().add(maintenance(from, from + 10s)); });
  core.latency(0.1, 20);
  auto all = changes(core);
  REQUIRE(all.size() >= 3);
  CHECK_FALSE(all.back().maintenance);
  CHECK(all.back().at == from + 10s);
  CHECK(all[all.size() - 2].maintenance);
  CHECK(all[all.size() - 2].at == from);
  for (int i = 0; i < 120; ++i) {
    clock.advance(1s);
    core.tick();
  }
  core.tick();
  all = changes(core);
  CHECK((all.back().data_status == DataStatus::stale || all.back().data_status == DataStatus::no_data));
  core.latency(0.1, 20);
  core.tick();
  CHECK(changes(core).back().data_status == DataStatus::fresh);
}

TEST_CASE("the timeline of a CRM that is forgotten ends without data and stays") {
  const TempDir directory;
  ManualClock clock{kStart};
  Core core{directory, clock};
  core.latency(0.1, 20);
  core.thread().run([&] { CHECK(core.engine().forget("acme", [](const Result<void>&) {})); });
  const auto all = changes(core);
  REQUIRE(all.size() >= 2);
  CHECK(all.back().data_status == DataStatus::no_data);
  core.thread().run([&] { CHECK(core.engine().strip_of("acme") == std::string(48, 'n')); });
}

TEST_CASE("after a restart the strip of a CRM's last day is as it was") {
  const TempDir directory;
  ManualClock clock{kStart};
  std::string before;
  {
    Core core{directory, clock};
    go_up_and_down(core);
    changes(core);
    core.thread().run([&] { before = core.engine().strip_of("acme"); });
    CHECK(before.back() == '2');
  }
  clock.advance(5s);
  Core core{directory, clock};
  core.thread().run([&] { CHECK(core.engine().strip_of("acme") == before); });
}

TEST_CASE("when the clock is put back nothing of the timeline lies in the future") {
  const TempDir directory;
  ManualClock clock{kStart};
  Core core{directory, clock};
  core.latency(0.1, 20);
  clock.advance(-1h);
  core.thread().run([&] { core.engine().clock_stepped(-1h); });
  const auto all = changes(core);
  REQUIRE_FALSE(all.empty());
  CHECK(all.back().at <= clock.now());
  CHECK(all.back().state == Level::healthy);
}
