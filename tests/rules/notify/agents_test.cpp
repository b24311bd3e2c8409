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

/// An agent that watches CRMs and speaks of itself every 30 s.
struct Branch {
  World& world;
  std::string agent;
  int crms;

  void watch(Duration time, double value = 200) {
    for (Duration passed{}; passed < time; passed += 15s) {
      for (int i = 0; i < crms; ++i) world.measure(name(i), "tryton", value, agent);
      if (passed % 30s == 0s) world.heartbeat(agent);
      world.pass(15s);
    }
  }
};

std::vector<ReceiverSpec> everybody() {
  ReceiverSpec elsewhere = receiver("elsewhere");
  elsewhere.only = {{"kind", {"odoo"}}};
  return {receiver("all"), receiver("pager", Level::poor), elsewhere};
}

}  // namespace

TEST_CASE("case 71: an agent lost with twelve CRMs is one message and no page without data") {
  for (const bool ticks : {false, true}) {
    World world{quick_rules(), everybody()};
    if (ticks) world.use_ticks();
    Branch branch{world, "branch-1", 12};
    branch.watch(2min);
    const TimePoint last = world.now() - 15s;
    world.pass(10min);
    CHECK(world.story("all") == "agent.lost");
    CHECK(world.story("pager") == "agent.lost");  // whatever its level
    CHECK(world.story("elsewhere").empty());
    const Message message = world.heard_by("all").at(0);
    CHECK(message.subject == "agent/branch-1");
    CHECK(message.at == last + 60s + 30s);  // silent for a minute, and group_wait
    CHECK(message.since == last);
    CHECK(message.state == Level::poor);
    CHECK(message.listed.size() == 12);
    CHECK(world.state("c00") == 1);  // the state itself is not beautified
    branch.watch(2min);
    CHECK(world.story("all") == "agent.lost agent.returned");
    CHECK(world.heard_by("all").at(1).state == Level::healthy);
    CHECK(world.state("c00") == 0);
  }
}

TEST_CASE("an agent that is back in time is not spoken of") {
  World world{quick_rules(), everybody()};
  Branch branch{world, "branch-1", 3};
  branch.watch(1min);
  world.pass(70s);
  branch.watch(5min);
  CHECK(world.story().empty());
}

TEST_CASE("CRMs whose data stays away after their agent came back are told") {
  World world{quick_rules(), everybody()};
  Branch branch{world, "branch-1", 2};
  branch.watch(1min);
  world.pass(5min);
  CHECK(world.story() == "agent.lost");
  for (int i = 0; i < 8; ++i) {
    world.measure("c00", "tryton", 200, "branch-1");
    world.heartbeat("branch-1");
    world.pass(15s);
  }
  CHECK(world.story() == "agent.lost agent.returned opened(c01)");
  CHECK(world.heard_by("all").back().reason == "no_data");
}

TEST_CASE("data that is missing while the agent speaks is told after group_wait") {
  World world{quick_rules(), everybody()};
  Branch branch{world, "branch-1", 2};
  branch.watch(1min);
  const TimePoint last = world.now() - 15s;
  Branch rest{world, "branch-1", 1};
  rest.watch(3min);
  REQUIRE(world.story() == "opened(c01)");
  CHECK(world.messages()[0].at == last + 60s + 30s);
}

TEST_CASE("what is open stays open while the agent is lost, and is resolved when it is back") {
  World world{quick_rules(), everybody()};
  Branch branch{world, "branch-1", 2};
  branch.watch(1min, 4000);
  CHECK(world.count(Event::opened) == 4);
  world.forget_messages();
  world.pass(20min);
  CHECK(world.story() == "agent.lost");
  CHECK(world.state("c00") == 2);
  branch.watch(1min, 200);
  CHECK(world.story() == "agent.lost agent.returned improved(c00) improved(c01) resolved(c00) resolved(c01)");
}

TEST_CASE("a CRM that another living agent feeds is not concerned") {
  World world{quick_rules(), everybody()};
  for (int i = 0; i < 40; ++i) {
    world.measure("both", "tryton", 200, "one");
    world.heartbeat("one");
    if (i < 8) {
      world.measure("both", "tryton", 200, "two");
      world.measure("alone", "tryton", 200, "two");
      world.heartbeat("two");
    }
    world.pass(15s);
  }
  REQUIRE(world.story() == "agent.lost");
  REQUIRE(world.messages()[0].listed.size() == 1);
  CHECK(world.messages()[0].listed[0].crm == "alone");
}

TEST_CASE("a sender that never sent a heartbeat is never lost") {
  World world{quick_rules(), everybody()};
  for (int i = 0; i < 4; ++i) {
    world.measure("acme", "tryton", 200, "prometheus-1");
    world.pass(15s);
  }
  world.pass(10min);
  CHECK(world.story() == "opened(acme)");
}

TEST_CASE("after a restart an agent has the full time again") {
  World world{quick_rules(), everybody()};
  Branch branch{world, "branch-1", 3};
  branch.watch(1min);
  world.restart(2h);
  world.pass(50s);
  CHECK(world.story().empty());
  branch.watch(5min);
  CHECK(world.story().empty());
}

TEST_CASE("who was told of a lost agent outlives the collector") {
  World world{quick_rules(), everybody()};
  Branch branch{world, "branch-1", 3};
  branch.watch(1min);
  world.pass(5min);
  CHECK(world.story() == "agent.lost");
  world.restart();
  world.pass(10min);
  CHECK(world.story() == "agent.lost");
  branch.watch(2min);
  CHECK(world.story() == "agent.lost agent.returned");
}

TEST_CASE("nothing is said of an agent whose CRMs are all in maintenance, until that ends") {
  World world{quick_rules(), everybody()};
  Branch branch{world, "branch-1", 2};
  branch.watch(1min);
  for (int i = 0; i < 2; ++i) world.engine().set_maintenance(name(i), true, world.now());
  world.pass(10min);
  CHECK(world.story().empty());
  world.engine().set_maintenance("c01", false, world.now());
  world.pass(10min);
  CHECK(world.story() == "agent.lost");
}

TEST_CASE("an agent nobody misses any more is taken back") {
  World world{quick_rules(), everybody()};
  Branch branch{world, "branch-1", 1};
  branch.watch(1min);
  world.pass(5min);
  CHECK(world.story() == "agent.lost");
  static_cast<void>(world.engine().remove("c00", world.now()));
  world.pass(1s);
  CHECK(world.story() == "agent.lost agent.returned");
  CHECK(world.heard_by("all").at(1).reason == "removed");
}
