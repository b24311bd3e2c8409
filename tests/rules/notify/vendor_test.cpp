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
  return fmt::format("t{:03}", number);
}

/// Tenants of one vendor, measured every 15 s; the first `failing` of them are poor.
struct Tenants {
  World& world;
  int count;
  int failing = 0;
  Duration elapsed{};

  void measure() {
    for (int i = 0; i < count; ++i) world.measure(name(i), "salesforce", i < failing ? 4000 : 200);
  }
  void watch(Duration time) {
    for (Duration passed{}; passed < time; passed += 15s) {
      measure();
      world.pass(15s);
    }
  }
};

Ruleset rules_with_wait(Duration wait) {
  Ruleset ruleset = quick_rules();
  ruleset.settings.group_wait_poor = wait;
  return ruleset;
}

}  // namespace

TEST_CASE("case 69: 250 tenants that fail within a minute are one alert of their vendor", "[slow]") {
  for (const bool ticks : {false, true}) {
    World world{rules_with_wait(30s), {receiver("all"), receiver("pager", Level::poor)}};
    if (ticks) world.use_ticks();
    Tenants tenants{world, 250};
    tenants.watch(15s);
    for (int second = 0; second < 60; ++second) {
      tenants.failing = std::min(250, (second + 1) * 250 / 60 + 1);
      // Each is measured every 15 s, at its own second.
      for (int i = second % 15; i < 250; i += 15)
        world.measure(name(i), "salesforce", i < tenants.failing ? 4000 : 200);
      world.pass(1s);
    }
    tenants.failing = 250;
    tenants.watch(30min);
    CHECK(world.story("all") == "vendor.outage");
    CHECK(world.story("pager") == "vendor.outage");
    const Message message = world.heard_by("all").at(0);
    CHECK(message.subject == "vendor/salesforce");
    CHECK(message.reason == "crms");
    CHECK(message.listed.size() == 20);
    CHECK(message.unlisted == 230);
    CHECK(world.state("t200") == 2);
    tenants.failing = 0;
    tenants.watch(5min);
    CHECK(world.story("all") == "vendor.outage vendor.recovered");
  }
}

TEST_CASE("without group_wait, tenants that fail at once are still one alert") {
  World world{rules_with_wait(0s), {receiver("all")}};
  Tenants tenants{world, 50};
  tenants.watch(30s);
  tenants.failing = 50;
  tenants.watch(5min);
  CHECK(world.story() == "vendor.outage");
}

TEST_CASE("without group_wait, tenants that fail within ten seconds are one alert from the first of them on") {
  for (const bool ticks : {false, true}) {
    for (const Duration apart : {1000ms, 2400ms}) {
      World world{rules_with_wait(0s), {receiver("all"), receiver("pager", Level::poor)}};
      if (ticks) world.use_ticks();
      Tenants tenants{world, 5};
      tenants.watch(30s);
      for (tenants.failing = 1; tenants.failing < 5; ++tenants.failing) {
        world.measure(name(tenants.failing - 1), "salesforce", 4000);
        world.pass(apart);
      }
      tenants.watch(5min);
      CHECK(world.story("all") == "vendor.outage");
      CHECK(world.story("pager") == "vendor.outage");
    }
  }
}

TEST_CASE(
    "the first four of 250 tenants wait with the others of their vendor, also where they were sub-healthy before") {
  World world{rules_with_wait(0s), {receiver("all")}};
  Tenants tenants{world, 250};
  tenants.watch(30s);
  world.measure(name(0), "salesforce", 1500);
  world.pass(1min);
  CHECK(world.story() == "opened(t000)");
  for (tenants.failing = 4; tenants.failing < 250; tenants.failing += 41) {
    tenants.measure();
    world.pass(1s);
  }
  tenants.failing = 250;
  tenants.watch(5min);
  CHECK(world.story() == "opened(t000) vendor.outage");
}

TEST_CASE("a tenant that fails alone waits ten seconds for others, and not at all where there cannot be enough") {
  for (const int count : {4, 5, 50}) {
    World world{rules_with_wait(0s), {receiver("all")}};
    Tenants tenants{world, count};
    tenants.watch(30s);
    tenants.failing = 1;
    const TimePoint failed = world.now();
    tenants.watch(2min);
    REQUIRE(world.story() == "opened(t000)");
    CHECK(world.messages()[0].at == failed + (count < 5 ? 0s : 10s));
  }
}

TEST_CASE("a CRM that no vendor runs, and one that is only sub-healthy, wait for nobody") {
  Ruleset ruleset = rules_with_wait(0s);
  ruleset.settings.group_wait_sub = 0s;
  World world{ruleset, {receiver("all")}};
  Tenants tenants{world, 10};
  for (int i = 0; i < 10; ++i) world.measure(fmt::format("own-{}", i), "tryton", 200);
  tenants.watch(30s);
  const TimePoint failed = world.now();
  world.measure("own-1", "tryton", 4000);
  world.measure(name(3), "salesforce", 1500);
  world.pass(5s);
  REQUIRE(world.messages().size() == 2);
  CHECK(world.messages()[0].at == failed);
  CHECK(world.messages()[1].at == failed);
}

TEST_CASE("five of twenty failing together are held for a minute, then told one by one") {
  for (const bool ticks : {false, true}) {
    World world{rules_with_wait(0s), {receiver("all")}};
    if (ticks) world.use_ticks();
    Tenants tenants{world, 20};
    tenants.watch(30s);
    tenants.failing = 5;
    const TimePoint began = world.now();
    tenants.watch(10min);
    REQUIRE(world.count(Event::opened) == 5);
    CHECK(world.messages().size() == 5);
    CHECK(world.messages()[0].at == began + 60s);
    // A second burst is held anew.
    tenants.failing = 11;
    const TimePoint again = world.now();
    tenants.watch(10min);
    REQUIRE(world.count(Event::opened) == 11);
    CHECK(world.messages()[5].at == again + 60s);
  }
}

TEST_CASE("case 34 with a vendor: a tenant that is still poor is told after settle") {
  World world{rules_with_wait(0s), {receiver("all")}};
  Tenants tenants{world, 10};
  tenants.watch(30s);
  tenants.failing = 10;
  tenants.watch(10min);
  tenants.failing = 2;
  const TimePoint over = world.now();
  tenants.watch(45s);
  CHECK(world.story() == "vendor.outage vendor.recovered");
  tenants.watch(60s);
  REQUIRE(world.count(Event::opened) == 2);
  CHECK(world.messages().back().at == over + 60s);
}

TEST_CASE("case 35 with a vendor: what was open before is resolved during the outage") {
  World world{rules_with_wait(0s), {receiver("all")}};
  Tenants tenants{world, 10, 1};
  tenants.watch(10min);
  CHECK(world.story() == "opened(t000)");
  tenants.failing = 10;
  tenants.watch(1min);
  CHECK(world.story() == "opened(t000) vendor.outage");
  for (int i = 0; i < 4; ++i) {
    for (int tenant = 0; tenant < 10; ++tenant) world.measure(name(tenant), "salesforce", tenant == 0 ? 200 : 4000);
    world.pass(15s);
  }
  CHECK(world.story() == "opened(t000) vendor.outage resolved(t000)");
}

TEST_CASE("case 61 with a vendor: recovered within settle sends no message") {
  World world{rules_with_wait(0s), {receiver("all")}};
  Tenants tenants{world, 10};
  tenants.watch(30s);
  tenants.failing = 10;
  tenants.watch(5min);
  tenants.failing = 2;
  tenants.watch(30s);
  tenants.failing = 0;
  tenants.watch(10min);
  CHECK(world.story() == "vendor.outage vendor.recovered");
}

TEST_CASE("case 72: an outage whose CRMs send no data any more ends after five minutes") {
  for (const bool ticks : {false, true}) {
    World world{rules_with_wait(0s), {receiver("all")}};
    if (ticks) world.use_ticks();
    Tenants tenants{world, 5};
    tenants.watch(30s);
    tenants.failing = 5;
    tenants.watch(2min);
    const TimePoint last = world.now() - 15s;
    world.pass(5min - 16s);
    CHECK(world.story() == "vendor.outage");
    world.pass(5min);
    REQUIRE(world.count(Event::vendor_recovered) == 1);
    CHECK(world.messages()[1].at == last + 5min);
    CHECK(world.count(Event::opened) == 5);  // fail open, after settle
    CHECK(world.messages()[2].at == last + 6min);
  }
}

TEST_CASE("case 72 with a status page: it stops inhibiting five minutes after its last word") {
  World world{rules_with_wait(0s), {receiver("all")}};
  Tenants tenants{world, 2};
  for (int i = 0; i < 4; ++i) {
    world.vendor_says("t000", "salesforce", "NA45", 0);
    tenants.watch(15s);
  }
  world.vendor_says("t000", "salesforce", "NA45", 3);
  const TimePoint last = world.now();
  world.step();
  CHECK(world.story() == "vendor.outage");
  CHECK(world.messages()[0].reason == "status_page");
  CHECK(world.messages()[0].causes == std::vector<std::string>{"NA45"});
  world.pass(1s);
  tenants.failing = 2;  // t001 is of another instance
  tenants.watch(4min + 45s);
  CHECK(world.story() == "vendor.outage opened(t001)");
  tenants.watch(3min);
  CHECK(world.story() == "vendor.outage opened(t001) vendor.recovered opened(t000)");
  CHECK(world.messages()[2].at == last + 5min);
  CHECK(world.messages()[3].at == last + 6min);
}

TEST_CASE("a status page asked every five minutes is not taken for silent between two answers") {
  World world{rules_with_wait(0s), {receiver("all")}};
  Tenants tenants{world, 2};
  for (int i = 0; i < 6; ++i) {
    world.vendor_says("t000", "salesforce", "NA45", i < 2 ? 0 : 3);
    tenants.watch(5min + 15s);
  }
  CHECK(world.story() == "vendor.outage");
  world.vendor_says("t000", "salesforce", "NA45", 1);
  tenants.watch(15s);
  CHECK(world.story() == "vendor.outage vendor.recovered");
}

TEST_CASE("an outage that is younger than a tenant's failure does not inhibit it") {
  World world{rules_with_wait(30s), {receiver("all")}};
  Tenants tenants{world, 2, 1};
  tenants.measure();
  world.pass(10s);
  world.vendor_says("t000", "salesforce", "NA45", 3);
  tenants.watch(1min);
  CHECK(world.story() == "opened(t000) vendor.outage");
}

TEST_CASE("one alert when the tenants fail first and the status page follows") {
  World world{rules_with_wait(0s), {receiver("all")}};
  Tenants tenants{world, 10};
  tenants.watch(30s);
  tenants.failing = 10;
  tenants.watch(2min);
  for (int i = 0; i < 10; ++i) world.vendor_says(name(i), "salesforce", "NA45", 3);
  tenants.watch(1min);
  tenants.failing = 0;
  tenants.watch(1min);
  CHECK(world.story() == "vendor.outage");
  for (int i = 0; i < 10; ++i) world.vendor_says(name(i), "salesforce", "NA45", 0);
  tenants.watch(1min);
  CHECK(world.story() == "vendor.outage vendor.recovered");
}

TEST_CASE("CRMs that no vendor runs are told one by one, together in a digest at most") {
  World world{rules_with_wait(0s), {receiver("all")}};
  for (int round = 0; round < 8; ++round) {
    for (int i = 0; i < 30; ++i) world.measure(name(i), "tryton", round < 2 ? 200 : 4000);
    world.pass(15s);
  }
  CHECK(world.story() == "digest");
}

TEST_CASE("a receiver hears only of the outage of its own CRMs") {
  ReceiverSpec other = receiver("other");
  other.only = {{"kind", {"hubspot"}}};
  World world{rules_with_wait(0s), {receiver("all"), other}};
  Tenants tenants{world, 10};
  tenants.watch(30s);
  tenants.failing = 10;
  tenants.watch(1min);
  CHECK(world.story("all") == "vendor.outage");
  CHECK(world.story("other").empty());
}

TEST_CASE("an outage outlives the collector, and its downtime is not the vendor's silence") {
  World world{rules_with_wait(0s), {receiver("all")}};
  Tenants tenants{world, 10};
  tenants.watch(30s);
  tenants.failing = 10;
  tenants.watch(2min);
  world.restart(20min);
  tenants.watch(10min);
  CHECK(world.story() == "vendor.outage");
  tenants.failing = 0;
  tenants.watch(2min);
  CHECK(world.story() == "vendor.outage vendor.recovered");
}

TEST_CASE("the kill switch says nothing of vendors and agents") {
  World world{rules_with_wait(0s), {receiver("all")}};
  world.engine().set_muted(true);
  Tenants tenants{world, 10};
  tenants.watch(30s);
  tenants.failing = 10;
  tenants.watch(2min);
  CHECK(world.messages().empty());
  world.engine().set_muted(false);
  tenants.watch(15s);
  CHECK(world.story() == "vendor.outage");
}
