#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/rules/timeline.h"
#include "tests/rules/world.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;
using namespace std::chrono_literals;

namespace {

std::string name(int number) {
  return fmt::format("c{:02}", number);
}

void measure_all(World& world, int first, int count, double value) {
  for (int i = first; i < first + count; ++i) world.measure(name(i), "table", value);
}

/// `count` CRMs keep `value` for `time`.
void keep(World& world, int count, double value, Duration time) {
  for (Duration passed{}; passed < time; passed += 15s) {
    measure_all(world, 0, count, value);
    world.pass(15s);
  }
}

}  // namespace

TEST_CASE("case 70: thirty CRMs that open together are one digest with twenty names and ten more") {
  World world{quick_rules(), {receiver("all")}};
  keep(world, 30, 200, 30s);
  keep(world, 30, 4000, 60s);
  const std::vector<Message> heard = world.heard_by("all");
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].type == Event::digest);
  CHECK(heard[0].subject == "digest/all");
  CHECK(heard[0].crm.empty());
  CHECK(heard[0].listed.size() == 20);
  CHECK(heard[0].unlisted == 10);
  CHECK(heard[0].counted.size() == 30);
  CHECK(heard[0].state == Level::poor);
  // told is set for all thirty: each is resolved by itself.
  world.forget_messages();
  keep(world, 30, 200, 60s);
  CHECK(world.count(Event::resolved) == 30);
  CHECK(world.messages().size() == 30);
}

TEST_CASE("ten opens are ten messages") {
  World world{quick_rules(), {receiver("all")}};
  keep(world, 10, 4000, 60s);
  CHECK(world.count(Event::opened) == 10);
  CHECK(world.messages().size() == 10);
}

TEST_CASE("a storm that goes on makes at most one digest a window") {
  for (const bool ticks : {false, true}) {
    Ruleset ruleset = quick_rules();
    ruleset.settings.group_wait_poor = 0s;
    World world{ruleset, {receiver("all")}};
    if (ticks) world.use_ticks();
    keep(world, 60, 200, 15s);
    // One more fails every second, so that 11 of them are a storm and the others gather.
    for (int failed = 1; failed <= 60; ++failed) {
      measure_all(world, 0, failed, 4000);
      if (failed % 15 == 0) measure_all(world, failed, 60 - failed, 200);
      world.pass(1s);
    }
    keep(world, 60, 4000, 60s);
    const std::vector<Message> heard = world.heard_by("all");
    REQUIRE(heard.size() == 12);
    for (std::size_t i = 0; i < 10; ++i) CHECK(heard[i].type == Event::opened);
    CHECK(heard[10].type == Event::digest);
    CHECK(heard[10].counted.size() == 1);
    CHECK(heard[11].type == Event::digest);
    CHECK(heard[11].counted.size() == 49);
    CHECK(heard[11].at == heard[10].at + 60s);
    CHECK(heard[11].seq > heard[10].seq);
  }
}

TEST_CASE("a receiver that groups by itself is told one by one") {
  ReceiverSpec grouping = receiver("grouping");
  grouping.digests = false;
  World world{quick_rules(), {receiver("all"), grouping}};
  keep(world, 30, 4000, 60s);
  CHECK(world.heard_by("all").size() == 1);
  CHECK(world.heard_by("grouping").size() == 30);
}

TEST_CASE("what gets worse after a digest is told by CRM") {
  World world{quick_rules(), {receiver("all")}};
  keep(world, 12, 1500, 60s);
  REQUIRE(world.count(Event::digest) == 1);
  world.measure(name(3), "table", 4000);
  world.pass(16s);  // others of the digest may follow
  REQUIRE(world.messages().size() == 2);
  CHECK(world.messages()[1].type == Event::escalated);
  CHECK(world.messages()[1].previous == Level::sub_healthy);
}

TEST_CASE("the window of a digest outlives the collector") {
  World world{quick_rules(), {receiver("all")}};
  keep(world, 40, 200, 15s);
  keep(world, 12, 4000, 45s);
  REQUIRE(world.count(Event::digest) == 1);
  world.restart();
  keep(world, 24, 4000, 45s);
  CHECK(world.messages().size() == 1);
  keep(world, 24, 4000, 45s);
  CHECK(world.count(Event::digest) == 2);
  CHECK(world.messages().size() == 2);
}

TEST_CASE("fourteen CRMs that fail together and get worse one after another are one digest and one further digest") {
  for (const bool ticks : {false, true}) {
    World world{quick_rules(), {receiver("all")}};
    if (ticks) world.use_ticks();
    keep(world, 14, 200, 30s);
    keep(world, 14, 1500, 5min);
    CHECK(world.story() == "digest");
    // Within some seconds, as their agents come to it.
    for (int i = 0; i < 14; ++i) {
      world.measure(name(i), "table", 4000);
      world.pass(1s);
    }
    keep(world, 14, 4000, 2min);
    CHECK(world.story() == "digest digest");
    const Message second = world.heard_by("all").at(1);
    CHECK(second.reason == "worse");
    CHECK(second.state == Level::poor);
    CHECK(second.counted.size() == 14);
    // Each is resolved by itself.
    world.forget_messages();
    keep(world, 14, 200, 60s);
    CHECK(world.count(Event::resolved) == 14);
  }
}

TEST_CASE("a single CRM of a digest that gets worse is told by itself within seconds") {
  World world{quick_rules(), {receiver("all")}};
  world.use_ticks();
  keep(world, 14, 1500, 5min);
  REQUIRE(world.story() == "digest");
  world.measure(name(3), "table", 4000);
  const TimePoint begun = world.now();
  world.pass(15s);
  keep(world, 3, 1500, 15s);
  CHECK(world.story() == "digest escalated(c03)");
  CHECK(world.heard_by("all").at(1).at - begun <= 15s);
}
