// When people are told of crmpulse's own troubles, and when of their end.

#include "collector/trouble/watch.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace std::chrono_literals;

namespace {

const Trouble kDisk{TroubleKind::disk, "", ""};

Trouble clock_of(const std::string& agent) {
  return {TroubleKind::agent_clock, agent, "+40 s"};
}

/// Looks every five seconds at what is said to be wrong, and remembers what was told.
struct Observer {
  TroubleWatch watch;
  TimePoint now = parse_time("2026-11-21T09:00:00Z").value();
  bool muted = false;
  std::vector<std::string> told;

  void look(const std::vector<Trouble>& wrong) {
    for (const TroubleWatch::Telling& one : watch.look(wrong, now, muted)) {
      std::string text{to_string(one.trouble.kind)};
      if (!one.trouble.subject.empty()) text += "/" + one.trouble.subject;
      told.push_back(text + (one.over ? " over" : ""));
    }
    now += 5s;
  }
  void look(const std::vector<Trouble>& wrong, Duration time) {
    for (const TimePoint end = now + time; now < end;) look(wrong);
  }
  void restart(Duration down) {
    const std::string stored = watch.save();
    now += down;
    watch = {};
    watch.load(stored, now);
  }
};

using Told = std::vector<std::string>;

}  // namespace

TEST_CASE("a trouble is told once, after it has lasted, and its end once, after that has held") {
  Observer observer;
  observer.look({kDisk}, 1min);
  CHECK(observer.told.empty());
  observer.look({kDisk}, 3h);
  CHECK(observer.told == Told{"disk"});
  observer.look({}, 9min);
  CHECK(observer.told == Told{"disk"});
  observer.look({}, 1h);
  CHECK(observer.told == Told{"disk", "disk over"});
  CHECK(observer.watch.all().empty());
}

TEST_CASE("what does not last is never told, and gaps of less than two minutes do not end it") {
  Observer observer;
  for (int i = 0; i < 20; ++i) {
    observer.look({kDisk}, 30s);
    observer.look({}, 3min);
  }
  CHECK(observer.told.empty());
  observer.look({kDisk}, 40s);
  observer.look({}, 1min);
  observer.look({kDisk}, 40s);
  CHECK(observer.told == Told{"disk"});
}

TEST_CASE("a trouble that comes and goes for a day is told a few times, not each time") {
  Observer observer;
  for (int i = 0; i < 72; ++i) {
    observer.look({kDisk}, 5min);
    observer.look({}, 15min);
  }
  CHECK(observer.told.size() <= 4);
  observer.look({}, 6h);
  CHECK(observer.told.back() == "disk over");
  // After a quiet day it is as good as new.
  observer.look({}, 25h);
  observer.told.clear();
  observer.look({kDisk}, 5min);
  observer.look({}, 11min);
  CHECK(observer.told == Told{"disk", "disk over"});
}

TEST_CASE("a hundred agents with the same trouble are one message, and one when it is over") {
  Observer observer;
  std::vector<Trouble> wrong;
  for (int i = 0; i < 100; ++i) wrong.push_back(clock_of(fmt::format("agent-{:03}", i)));
  observer.look(wrong, 1h);
  REQUIRE(observer.told == Told{"agent_clock"});
  CHECK(observer.watch.all().size() == 100);
  wrong.push_back(clock_of("agent-100"));
  observer.look(wrong, 1h);
  CHECK(observer.told == Told{"agent_clock"});
  observer.look({}, 1h);
  CHECK(observer.told == Told{"agent_clock", "agent_clock over"});
}

TEST_CASE("three agents are told one by one, each with its own end") {
  Observer observer;
  observer.look({clock_of("a"), clock_of("b"), clock_of("c")}, 20min);
  CHECK(observer.told == Told{"agent_clock/a", "agent_clock/b", "agent_clock/c"});
  observer.told.clear();
  observer.look({clock_of("a"), clock_of("c")}, 20min);
  CHECK(observer.told == Told{"agent_clock/b over"});
}

TEST_CASE("a restart repeats nothing that was told, and the time it took ends nothing") {
  Observer observer;
  observer.look({kDisk}, 5min);
  observer.restart(2h);
  observer.look({}, 5s);
  observer.look({kDisk}, 1h);
  CHECK(observer.told == Told{"disk"});
  observer.look({}, 1h);
  observer.restart(1min);
  observer.look({}, 1h);
  CHECK(observer.told == Told{"disk", "disk over"});
  const std::string stored = observer.watch.save();
  TroubleWatch damaged;
  damaged.load(stored.substr(0, stored.size() / 2), observer.now);
  CHECK(damaged.all().empty());
}

TEST_CASE("while muted nothing is told, and what lasts is told afterwards") {
  Observer observer;
  observer.muted = true;
  observer.look({kDisk}, 1h);
  CHECK(observer.told.empty());
  REQUIRE(observer.watch.all().size() == 1);
  CHECK_FALSE(observer.watch.all()[0].told);
  observer.muted = false;
  observer.look({kDisk}, 10s);
  CHECK(observer.told == Told{"disk"});
}

TEST_CASE("when the clock is put right, what lasts goes on lasting") {
  Observer observer;
  observer.look({kDisk}, 5min);
  observer.watch.shift(-24h);
  observer.now -= 24h;
  observer.look({kDisk}, 5min);
  CHECK(observer.told == Told{"disk"});
  REQUIRE(observer.watch.all().size() == 1);
  CHECK(observer.now - observer.watch.all()[0].since < 11min);
}
