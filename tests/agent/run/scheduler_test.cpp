#include "agent/run/scheduler.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <set>

#include "tests/support/manual_clock.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart = parse_time("2026-11-21T09:00:07.250Z").value();

/// Runs and finishes at once everything that is due until `end`; gives the scheduled times.
std::vector<TimePoint> run_until(Scheduler& scheduler, test::ManualClock& clock, TimePoint end) {
  std::vector<TimePoint> times;
  while (scheduler.next() <= end) {
    clock.set(scheduler.next());
    for (const auto& due : scheduler.due(clock.now())) {
      times.push_back(due.scheduled);
      scheduler.finished(due.index);
    }
  }
  return times;
}

}  // namespace

TEST_CASE("the splay is stable, lies in the interval, and spreads neighbours") {
  CHECK(splay("a", "acme", "liveness", 30s) == splay("a", "acme", "liveness", 30s));
  std::set<Duration> places;
  for (int i = 0; i < 100; ++i) {
    const Duration place = splay("branch-1", fmt::format("crm{}", i), "liveness", 30s);
    CHECK(place >= Duration{});
    CHECK(place < Duration{30s});
    places.insert(place / 1000);  // whole seconds
  }
  CHECK(places.size() >= 25);
  CHECK(splay("ab", "c", "x", 1h) != splay("a", "bc", "x", 1h));
}

TEST_CASE("the first run comes soon, later ones stand on the grid") {
  test::ManualClock clock{kStart};
  Scheduler scheduler{{{Duration{30s}, Duration{4s}}}, clock.now(), 5s};
  const auto times = run_until(scheduler, clock, kStart + 2min);
  REQUIRE(times.size() >= 4);
  CHECK(times[0] - kStart <= Duration{5s});
  for (std::size_t i = 1; i < times.size(); ++i) CHECK(times[i].time_since_epoch() % Duration{30s} == Duration{4s});
  for (std::size_t i = 2; i < times.size(); ++i) CHECK(times[i] - times[i - 1] == Duration{30s});
}

TEST_CASE("a daily measurement is not awaited for a day and not run twice at once") {
  // Its grid point is one minute after the start.
  test::ManualClock clock{kStart};
  const Duration day = 24h;
  const Duration place = (kStart + 1min).time_since_epoch() % day;
  Scheduler scheduler{{{day, place}}, clock.now(), 5s};
  const auto times = run_until(scheduler, clock, kStart + 50h);
  REQUIRE(times.size() == 3);
  CHECK(times[0] - kStart <= Duration{5s});
  CHECK(times[1] == kStart + 1min + day);
  CHECK(times[2] == kStart + 1min + 2 * day);
}

TEST_CASE("a run still in flight when it is due again is skipped and counted") {
  test::ManualClock clock{kStart};
  Scheduler scheduler{{{Duration{10s}, Duration{}}}, clock.now(), 0s};
  REQUIRE(scheduler.due(clock.now()).size() == 1);
  CHECK(scheduler.in_flight() == 1);
  for (int i = 0; i < 3; ++i) {
    clock.set(scheduler.next());
    CHECK(scheduler.due(clock.now()).empty());
  }
  CHECK(scheduler.skipped() == 3);
  CHECK(scheduler.runs() == 1);
  scheduler.finished(0);
  clock.set(scheduler.next());
  CHECK(scheduler.due(clock.now()).size() == 1);
  CHECK(scheduler.runs() == 2);
}

TEST_CASE("a late wake-up runs once and is stamped with the present") {
  test::ManualClock clock{kStart};
  Scheduler scheduler{{{Duration{10s}, Duration{}}}, clock.now(), 0s};
  (void)scheduler.due(clock.now());
  scheduler.finished(0);
  clock.set(scheduler.next() + 1h + 3s);
  const auto due = scheduler.due(clock.now());
  REQUIRE(due.size() == 1);
  CHECK(due[0].scheduled == clock.now());
  CHECK(scheduler.due(clock.now()).empty());
  CHECK(scheduler.next() > clock.now());
  CHECK(scheduler.next() - clock.now() <= Duration{10s});
  CHECK(scheduler.skipped() == 0);
}

TEST_CASE("a wake-up a little late keeps the grid's stamp") {
  test::ManualClock clock{kStart};
  Scheduler scheduler{{{Duration{10s}, Duration{2s}}}, clock.now(), 0s};
  (void)scheduler.due(clock.now());
  scheduler.finished(0);
  const TimePoint planned = scheduler.next();
  clock.set(planned + 700ms);
  const auto due = scheduler.due(clock.now());
  REQUIRE(due.size() == 1);
  CHECK(due[0].scheduled == planned);
  CHECK(scheduler.next() == planned + 10s);
}

TEST_CASE("what is due comes in the order of its times") {
  test::ManualClock clock{kStart};
  Scheduler scheduler{{{Duration{60s}, Duration{4s}}, {Duration{60s}, Duration{1s}}}, clock.now(), 5s};
  clock.advance(5s);
  const auto due = scheduler.due(clock.now());
  REQUIRE(due.size() == 2);
  CHECK(due[0].index == 1);
  CHECK(due[1].index == 0);
}

TEST_CASE("a stretched item starts on its grid, an eager one soon") {
  test::ManualClock clock{kStart};
  Scheduler scheduler{{{Duration{60s}, Duration{4s}, 60}, {Duration{60s}, Duration{4s}, 60, true}}, clock.now(), 5s};
  const auto first = scheduler.next();
  CHECK(first - kStart <= Duration{5s});
  clock.set(first);
  REQUIRE(scheduler.due(clock.now()).size() == 1);
  scheduler.finished(1);
  CHECK((scheduler.next() - Duration{4min}).time_since_epoch() % Duration{1h} == Duration{});
}

TEST_CASE("an interval can be stretched and relaxed between two runs") {
  test::ManualClock clock{kStart};
  Scheduler scheduler{{{Duration{30s}, Duration{4s}}}, clock.now(), 5s};
  const auto before = run_until(scheduler, clock, kStart + 5min);
  scheduler.set_stretch(0, 10, clock.now());
  CHECK(scheduler.next() - before.back() >= Duration{150s});
  CHECK(scheduler.next() - before.back() <= Duration{450s});
  const auto slow = run_until(scheduler, clock, kStart + 1h);
  CHECK(slow[3] - slow[2] == Duration{300s});
  scheduler.set_stretch(0, 1, clock.now());
  CHECK(scheduler.next() - clock.now() <= Duration{30s});
  const auto fast = run_until(scheduler, clock, kStart + 65min);
  CHECK(fast[3] - fast[2] == Duration{30s});
}

TEST_CASE("stretches that change all the time do not keep an item from running") {
  test::ManualClock clock{kStart};
  Scheduler scheduler{{{Duration{1h}, Duration{20min}}}, clock.now(), 5s};
  (void)run_until(scheduler, clock, kStart + 5s);
  std::size_t runs = 0;
  for (int i = 0; i < 24 * 60; ++i) {
    clock.set(kStart + i * Duration{1min});
    scheduler.set_stretch(0, 1 + i % 7 / 10.0, clock.now());
    for (const auto& due : scheduler.due(clock.now())) {
      scheduler.finished(due.index);
      ++runs;
    }
  }
  CHECK(runs >= 12);
  CHECK(runs <= 48);
}

TEST_CASE("after a failure an item is asked half an interval after its start, then on its grid") {
  Scheduler scheduler{{{30s, 10s}}, kStart, 5s};
  const TimePoint first = scheduler.due(scheduler.next()).at(0).scheduled;
  scheduler.finished(0);
  const TimePoint second = scheduler.due(scheduler.next()).at(0).scheduled;
  scheduler.finished(0);
  CHECK(second > first);

  scheduler.ask_sooner(0, second + 1s);
  CHECK(scheduler.next() == second + 15s);
  const auto again = scheduler.due(second + 15s);
  REQUIRE(again.size() == 1);
  CHECK(again[0].scheduled == second + 15s);
  scheduler.finished(0);
  CHECK(scheduler.next() == second + 30s);
}

TEST_CASE("an item that took longer to fail than half its interval is asked again at once") {
  Scheduler scheduler{{{30s, 10s}}, kStart, 5s};
  const TimePoint start = scheduler.due(scheduler.next()).at(0).scheduled;
  scheduler.finished(0);
  scheduler.ask_sooner(0, start + 20s);
  CHECK(scheduler.next() == start + 20s);
}

TEST_CASE("a refused run comes back when it was told to, and counts as none") {
  test::ManualClock clock{kStart};
  Scheduler scheduler{{{Duration{30s}, Duration{4s}}, {Duration{30s}, Duration{7s}, 1, true}}, clock.now(), 0s};
  REQUIRE(scheduler.due(clock.now()).size() == 2);
  scheduler.refused(0, kStart + 1h);
  scheduler.refused(1, kStart + 1h);
  CHECK(scheduler.runs() == 0);
  CHECK(scheduler.in_flight() == 0);
  CHECK(scheduler.next() == kStart + 1h);
  clock.set(kStart + 1h);
  CHECK(scheduler.due(clock.now()).size() == 1);
  CHECK(scheduler.next() == kStart + 1h + 4s);
}

TEST_CASE("an empty schedule never wakes") {
  CHECK(Scheduler({}, kStart, 5s).next() == TimePoint::max());
}
