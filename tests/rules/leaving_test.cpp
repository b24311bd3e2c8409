// CRMs that nobody watches any more.

#include <catch2/catch.hpp>

#include "tests/rules/timeline.h"
#include "tests/rules/world.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;
using namespace std::chrono_literals;

namespace {

using Names = std::vector<std::string>;

/// `agent` measures these CRMs and names them, every 15 s and 30 s.
void watch(World& world, const std::string& agent, const Names& crms, Duration time, double value = 200) {
  for (Duration passed{}; passed < time; passed += 15s) {
    for (const std::string& crm : crms) world.measure(crm, "table", value, agent);
    if (passed % 30s == 0s) world.announce(agent, crms);
    world.pass(15s);
  }
}

World ticking() {
  World world{quick_rules(), {receiver("all")}};
  world.use_ticks();
  return world;
}

bool watched(World& world, const std::string& crm) {
  return world.engine().watches(crm);
}

}  // namespace

TEST_CASE("case 109: a CRM taken out of its only agent's configuration leaves with one message and no alert") {
  World world = ticking();
  watch(world, "branch-1", {"acme", "beta"}, 2min);
  watch(world, "branch-1", {"acme", "beta"}, 2min, 4000);
  CHECK(world.story() == "opened(acme) opened(beta)");
  world.forget_messages();
  watch(world, "branch-1", {"beta"}, 9min, 4000);
  CHECK(watched(world, "acme"));
  CHECK(world.story().empty());
  watch(world, "branch-1", {"beta"}, 3min, 4000);
  CHECK_FALSE(watched(world, "acme"));
  REQUIRE(world.story() == "resolved(acme)");
  CHECK(world.heard_by("all").at(0).reason == "removed");
  CHECK(watched(world, "beta"));
}

TEST_CASE("a healthy CRM that is renamed is not an outage under either name") {
  World world = ticking();
  watch(world, "branch-1", {"old"}, 2min);
  watch(world, "branch-1", {"new"}, 15min);
  CHECK(world.story().empty());
  CHECK_FALSE(watched(world, "old"));
  CHECK(watched(world, "new"));
}

TEST_CASE("a CRM that another agent still watches stays") {
  World world = ticking();
  for (int i = 0; i < 4 * 20; ++i) {
    if (i < 8)
      watch(world, "branch-1", {"acme", "beta"}, 15s);
    else
      watch(world, "branch-1", {"beta"}, 15s);
    world.measure("acme", "table", 200, "branch-2");
    world.announce("branch-2", {"acme"});
    world.step();
  }
  CHECK(watched(world, "acme"));
  CHECK(world.story().empty());
}

TEST_CASE("a CRM of an agent that is silent, or that announces nothing, does not leave") {
  World world = ticking();
  watch(world, "branch-1", {"acme"}, 2min);
  world.pass(3h);
  CHECK(watched(world, "acme"));
  CHECK(world.story() == "agent.lost");

  World old = ticking();
  for (int i = 0; i < 8; ++i) {
    old.measure("acme", "table", 200, "old-agent");
    old.heartbeat("old-agent");
    old.pass(15s);
  }
  for (int i = 0; i < 80; ++i) {
    old.heartbeat("old-agent");
    old.pass(15s);
  }
  CHECK(watched(old, "acme"));
  CHECK(old.story() == "opened(acme)");  // without data
}

TEST_CASE("what still sends of a CRM watches it, whatever it announces") {
  World world = ticking();
  for (int i = 0; i < 4 * 20; ++i) {
    world.measure("acme", "table", 200, "branch-1");
    if (i % 2 == 0) world.announce("branch-1", i < 8 ? Names{"acme", "beta"} : Names{"beta"});
    world.pass(15s);
  }
  CHECK(watched(world, "acme"));
}

TEST_CASE("a CRM whose name is announced again while it was leaving stays, and what is missing then is told") {
  World world = ticking();
  watch(world, "branch-1", {"acme", "beta"}, 2min);
  watch(world, "branch-1", {"beta"}, 5min);
  CHECK(world.story().empty());
  for (int i = 0; i < 40; ++i) {
    world.measure("beta", "table", 200, "branch-1");
    if (i % 2 == 0) world.announce("branch-1", {"acme", "beta"});
    world.pass(15s);
  }
  CHECK(watched(world, "acme"));
  CHECK(world.story() == "opened(acme)");
}

TEST_CASE("a restart forgets neither announcements nor that a CRM is leaving") {
  World world = ticking();
  watch(world, "branch-1", {"acme", "beta"}, 2min);
  watch(world, "branch-1", {"beta"}, 6min);
  world.restart(1min);
  watch(world, "branch-1", {"beta"}, 5min);
  CHECK_FALSE(watched(world, "acme"));
  CHECK(world.story().empty());
}

TEST_CASE("a success ends a failure of the same operation at once, whoever else still fails") {
  Rule rule = table_rule("refused");
  rule.measure.metric = "crm_failure";
  rule.measure.where = {{"reason", {"quota"}}};
  rule.each = "operation";
  rule.sub = {0.5, 0.2, 0s};
  rule.poor = {1, 0.5, 0s};
  rule.recover_sub = rule.recover_poor = 0s;
  rule.no_data = NoDataState::ignore;
  World world{Ruleset{table_settings(), {rule}}, {receiver("all")}};
  const auto labels = [](const std::string& operation, const std::string& reason) {
    Labels all{{"crm", "zoho"}, {"kind", "zoho"}, {"agent", "branch-1"}, {"operation", operation}, {"object", "leads"}};
    if (!reason.empty()) all.set("reason", reason);
    return all;
  };
  world.report("crm_failure", labels("read", "quota"), 1);
  world.report("crm_failure", labels("search", "quota"), 1);
  world.pass(15s);
  CHECK(world.state("zoho") == 2);  // the first of them is enough
  world.pass(1h);
  CHECK(world.state("zoho") == 2);  // nobody asks meanwhile
  world.report("crm_operation_success", labels("search", ""), 1);
  world.pass(15s);
  CHECK(world.state("zoho") == 2);
  world.report("crm_operation_success", labels("read", ""), 1);
  world.pass(15s);
  CHECK(world.state("zoho") == 0);
}
