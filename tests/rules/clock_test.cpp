// A clock that is put right: what was so long ago stays so long ago.

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "tests/rules/timeline.h"
#include "tests/rules/world.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;
using namespace std::chrono_literals;

namespace {

/// The table's rule: poor for 30 s, sub-healthy for 60 s.
void keep(World& world, double value, int count) {
  for (int i = 0; i < count; ++i) {
    world.measure("acme", "table", value, "branch-1");
    world.heartbeat("branch-1");
    world.pass(15s);
  }
}

World table_world() {
  return World{Ruleset{table_settings(), {table_rule()}}, {receiver("all")}};
}

/// The table's rule, judged from 08:00 to 18:00 UTC.
World office_world() {
  Rule rule = table_rule();
  rule.active = ActiveHours{};
  rule.active->from = 8h;
  rule.active->to = 18h;
  return World{Ruleset{table_settings(), {rule}}, {receiver("all")}};
}

/// Sets the clock, which shows what it should not, to this time of the day.
void set_clock(World& world, const char* time) {
  world.correct_clock(parse_time(fmt::format("2026-11-21T{}:00Z", time)).value() - world.now());
}

Rule over_ten_hours(Aggregator aggregator) {
  Rule rule = table_rule();
  rule.aggregator = aggregator;
  rule.window = 10h;
  rule.target = 500;
  rule.quantile = 0.75;
  rule.sub.hold = rule.poor.hold = rule.recover_sub = rule.recover_poor = 0s;
  return rule;
}

}  // namespace

TEST_CASE("case 108: a clock set hours ahead or back leaves the timers of levels undisturbed") {
  for (const Duration by : {Duration{3h}, Duration{-8h}, Duration{-24h * 365}, Duration{24h * 400}}) {
    INFO(format_duration(std::chrono::abs(by)) << (by < Duration{} ? " back" : " ahead"));
    World world = table_world();
    keep(world, 200, 4);
    keep(world, 4000, 2);  // 15 s of 30 s
    world.correct_clock(by);
    CHECK(world.state("acme") == 0);
    keep(world, 4000, 1);
    CHECK(world.state("acme") == 2);
    keep(world, 4000, 3);
    CHECK(world.story() == "opened(acme)");
    // And what is open is not told twice, nor reminded of at once.
    world.correct_clock(-by);
    keep(world, 4000, 8);
    CHECK(world.story() == "opened(acme)");
    keep(world, 200, 20);
    CHECK(world.story() == "opened(acme) improved(acme) resolved(acme)");
  }
}

TEST_CASE("a state of a clock that was ahead is judged on after it is moved") {
  World world = table_world();
  keep(world, 200, 8);
  world.restart();
  world.correct_clock(-8h);
  keep(world, 200, 4);
  const CrmStatus status = world.engine().status("acme").value();
  CHECK(status.data_status == DataStatus::fresh);
  keep(world, 4000, 6);
  CHECK(world.state("acme") == 2);
  CHECK(world.story() == "opened(acme)");
  // A silent agent is missed, too.
  world.pass(5min);
  CHECK(world.story() == "opened(acme) agent.lost");
}

TEST_CASE("windows of every kind keep what they hold when the clock is put right") {
  for (const Aggregator aggregator : {Aggregator::avg, Aggregator::share_above, Aggregator::quantile}) {
    Rule rule = over_ten_hours(aggregator);
    if (aggregator == Aggregator::share_above) {
      rule.sub.enter = rule.sub.exit = 0.5;
      rule.poor.enter = rule.poor.exit = 0.9;
    }
    for (const Duration by : {Duration{-7h}, Duration{5h}}) {
      World world{Ruleset{table_settings(), {rule}}, {receiver("all")}};
      keep(world, 5000, 200);
      REQUIRE(world.state("acme") == 2);
      const double before = world.engine().status("acme")->rules.at(0).value.value();
      world.correct_clock(by);
      keep(world, 5000, 1);
      CHECK(world.engine().status("acme")->rules.at(0).value.value() == Approx(before));
      CHECK(world.state("acme") == 2);
      // 200 good ones beside 201 bad ones are not ten hours of good ones.
      keep(world, 200, 100);
      CHECK(world.engine().status("acme")->rules.at(0).value.value() != Approx(200));
    }
  }
}

TEST_CASE("an acknowledgement and reminders go on where they were when the clock is put right") {
  World world = table_world();
  keep(world, 4000, 8);
  world.engine().acknowledge("acme", "operator", world.now() + 1h, world.now());
  keep(world, 4000, 4 * 30);
  world.correct_clock(-5h);
  keep(world, 4000, 4 * 25);
  CHECK(world.engine().status("acme")->acked_by);
  CHECK(world.story() == "opened(acme)");
  keep(world, 4000, 4 * 10);
  CHECK_FALSE(world.engine().status("acme")->acked_by);
  CHECK(world.story() == "opened(acme) reminder(acme)");
}

TEST_CASE("an agent whose samples are all too late is an alarm, and one of them in time ends it") {
  World world = table_world();
  const Labels series{{"crm", "acme"}, {"kind", "table"}, {"agent", "branch-1"}};
  keep(world, 200, 8);
  const auto send_late = [&](Duration lag, int count) {
    for (int i = 0; i < count; ++i) {
      world.report("d1", series, 200, lag);
      world.heartbeat("branch-1");
      world.pass(15s);
    }
  };
  send_late(8h, 40);
  CHECK(world.story() == "agent.lost");
  const Message message = world.heard_by("all").at(0);
  CHECK(message.reason == "late");
  CHECK(message.subject == "agent/branch-1");
  CHECK(message.listed.size() == 1);
  world.restart();
  send_late(8h, 10);
  CHECK(world.story() == "agent.lost");
  keep(world, 200, 6);
  CHECK(world.story() == "agent.lost agent.returned");
}

TEST_CASE("a backlog that gets shorter raises no alarm") {
  World world = table_world();
  const Labels series{{"crm", "acme"}, {"kind", "table"}, {"agent", "branch-1"}};
  keep(world, 200, 8);
  world.engine().set_maintenance("acme", true, world.now());  // of missing data another test speaks
  Duration lag{2h};
  for (int i = 0; i < 60; ++i) {
    world.report("d1", series, 200, lag);
    world.heartbeat("branch-1");
    world.pass(15s);
    lag -= 60s;
  }
  CHECK(world.story().empty());
}

TEST_CASE("business hours are those of the clock that was put right, at once") {
  World world = office_world();
  set_clock(world, "06:30");
  keep(world, 4000, 20);
  CHECK(world.story().empty());
  // It was 08:30 all the time.
  set_clock(world, "08:30");
  keep(world, 4000, 6);
  CHECK(world.state("acme") == 2);
  CHECK(world.story() == "opened(acme)");
  // Outside again: the level stands, and nobody is reminded, however long it lasts.
  set_clock(world, "19:00");
  keep(world, 4000, 4 * 90);
  CHECK(world.state("acme") == 2);
  CHECK(world.story() == "opened(acme)");
  keep(world, 200, 40);
  CHECK(world.state("acme") == 2);
  // With the hours reminders are back, then it recovers.
  set_clock(world, "17:00");
  keep(world, 200, 20);
  CHECK(world.state("acme") == 0);
  CHECK(world.story() == "opened(acme) reminder(acme) improved(acme) resolved(acme)");
}
