#include <catch2/catch.hpp>

#include "tests/rules/timeline.h"
#include "tests/rules/world.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;
using namespace std::chrono_literals;

namespace {

ReceiverSpec step_after(std::string name, Duration wait, Level min_level = Level::sub_healthy) {
  ReceiverSpec spec = receiver(std::move(name), min_level);
  spec.escalate_after = wait;
  return spec;
}

std::string heard(const Timeline& line, const std::string& receiver) {
  std::string text;
  for (const Message& message : line.messages()) {
    if (message.receiver == receiver) text += (text.empty() ? "" : " ") + describe(message, true);
  }
  return text;
}

Ruleset quiet() {
  Ruleset ruleset{table_settings(), {table_rule()}};
  ruleset.settings.repeat_poor = ruleset.settings.repeat_sub = 24h;
  return ruleset;
}

void acknowledge(Timeline& line, Duration time) {
  line.say([time](Engine& engine, TimePoint now) { engine.acknowledge("acme", "operator", now + time, now); });
}

}  // namespace

TEST_CASE("a chain: the second step after ten minutes, the third after thirty, nobody twice") {
  Timeline line{quiet(), {receiver("first"), step_after("second", 10min), step_after("third", 30min)}};
  line.times(140, 4000);
  // poor is confirmed at 30 s
  CHECK(heard(line, "first") == "opened(2)@60");
  CHECK(heard(line, "second") == "opened(2)@630");
  CHECK(heard(line, "third") == "opened(2)@1830");
  line.times(9, 200);
  CHECK(heard(line, "third") == "opened(2)@1830 improved(1)@2160 resolved@2220");
}

TEST_CASE("an acknowledgement holds the next step, its end releases it") {
  Timeline line{quiet(), {receiver("first"), step_after("second", 10min)}};
  line.times(6, 4000);
  acknowledge(line, 30min);
  line.times(140, 4000);
  CHECK(heard(line, "second") == "opened(2)@1875");
}

TEST_CASE("an acknowledgement that ends early does not shorten the step's time") {
  Timeline line{quiet(), {receiver("first"), step_after("second", 10min)}};
  line.times(6, 4000);
  acknowledge(line, 1min);
  line.times(60, 4000);
  CHECK(heard(line, "second") == "opened(2)@630");
}

TEST_CASE("who was not told is not told that it is over") {
  Timeline line{quiet(), {receiver("first"), step_after("second", 10min)}};
  line.times(30, 4000);
  line.times(20, 200);
  CHECK(heard(line, "first").ends_with("resolved@570"));
  CHECK(heard(line, "second").empty());
}

TEST_CASE("a step counts the time of its own view") {
  Timeline line{quiet(), {receiver("first"), step_after("second", 10min, Level::poor)}};
  line.times(60, 1500);
  CHECK(heard(line, "second").empty());
  line.times(60, 4000);  // poor is confirmed at 930 s
  CHECK(heard(line, "second") == "opened(2)@1530");
}

TEST_CASE("restlessness reaches the next step only when it lasts as one failure") {
  Ruleset ruleset = quiet();
  Rule& rule = ruleset.rules[0];
  rule.sub.hold = rule.poor.hold = rule.recover_sub = rule.recover_poor = 0s;
  Timeline line{ruleset, {receiver("first"), step_after("second", 10min)}};
  for (int i = 0; i < 60; ++i) {
    line.times(2, 1500);
    line.times(2, 200);
  }
  CHECK(heard(line, "first").find("flapping") != std::string::npos);
  CHECK(heard(line, "second").empty());
  line.times(60, 4000);
  CHECK(heard(line, "second") == "opened(2)@4200");
}

TEST_CASE("the time of a step outlives the collector") {
  Timeline line{quiet(), {receiver("first"), step_after("second", 10min)}};
  line.times(20, 4000);
  line.restart();
  line.times(30, 4000);
  CHECK(heard(line, "second") == "opened(2)@630");
}

TEST_CASE("case 96: after a stall everything that was due is done once") {
  Ruleset ruleset{table_settings(), {table_rule()}};
  ruleset.settings.repeat_poor = 30s;
  Engine engine{ruleset, {receiver("all")}};
  const auto series = engine.bind("d1", {{"crm", "acme"}});
  TimePoint now = parse_time("2026-11-21T09:00:00Z").value();
  std::vector<Message> messages;
  const auto step = [&](TimePoint at) {
    Outcome outcome = engine.step(at);
    messages.insert(messages.end(), outcome.messages.begin(), outcome.messages.end());
    return outcome.changes.size();
  };
  for (int i = 0; i < 6; ++i, now += 15s) {
    engine.fold(series, now, 4000, now);
    step(now);
  }
  REQUIRE(messages.size() == 1);
  // 90 s: six samples wait, three reminders and the missing-data deadline would have been due.
  const TimePoint late = now + 90s;
  engine.restarted(late);
  for (; now <= late; now += 15s) engine.fold(series, now, 4000, late);
  CHECK(step(late) == 0);
  REQUIRE(messages.size() == 2);
  CHECK(messages[1].type == Event::reminder);
  CHECK(engine.status("acme")->data_status == DataStatus::fresh);
  for (int second = 1; second < 15; ++second) step(late + second * 1s);
  CHECK(messages.size() == 2);
}

namespace {

ReceiverSpec tracker(std::string name) {
  ReceiverSpec spec = receiver(std::move(name));
  spec.acknowledges = true;
  return spec;
}

Ruleset rules_without_wait() {
  Ruleset ruleset = quick_rules();
  ruleset.settings.group_wait_sub = ruleset.settings.group_wait_poor = 0s;
  return ruleset;
}

}  // namespace

TEST_CASE("receivers that keep acknowledgements hear of one, once, but for the one that it comes from") {
  World world{rules_without_wait(), {receiver("all"), tracker("pager"), tracker("jsm")}};
  world.measure("acme", "tryton", 4000);
  world.pass(1s);
  world.engine().acknowledge("acme", "ana", std::nullopt, world.now(), "jsm");
  world.measure("acme", "tryton", 4000);
  world.pass(1min);
  CHECK(world.story("all") == "opened(acme)");
  CHECK(world.story("jsm") == "opened(acme)");
  CHECK(world.story("pager") == "opened(acme) acknowledged(acme)");
  const Message told = world.heard_by("pager").at(1);
  CHECK(told.seq == 2);
  CHECK(told.state == Level::poor);
  CHECK(told.subject == "crm/acme");
  CHECK(told.status.acked_by == "ana");
  world.measure("acme", "tryton", 200);
  world.pass(1min);
  CHECK(world.story("pager") == "opened(acme) acknowledged(acme) resolved(acme)");
}

TEST_CASE("a receiver that keeps acknowledgements and is told later hears of the one that holds") {
  ReceiverSpec later = tracker("later");
  later.min_level = Level::poor;
  Ruleset ruleset = rules_without_wait();
  ruleset.settings.group_wait_poor = 1min;
  World world{ruleset, {receiver("all"), later}};
  world.measure("acme", "tryton", 4000);
  world.pass(1s);
  world.engine().acknowledge("acme", "ana", std::nullopt, world.now());
  for (int i = 0; i < 8; ++i) {
    world.measure("acme", "tryton", 4000);
    world.pass(15s);
  }
  CHECK(world.story("later") == "opened(acme) acknowledged(acme)");
}

TEST_CASE(
    "nobody hears of an acknowledgement who does not know of the incident, nor while muted, nor of one taken back") {
  ReceiverSpec other = tracker("other");
  other.only = {{"kind", {"odoo"}}};
  World world{rules_without_wait(), {tracker("pager"), other}};
  world.measure("acme", "tryton", 4000);
  world.pass(1s);
  world.engine().set_muted(true);
  world.engine().acknowledge("acme", "ana", std::nullopt, world.now());
  world.pass(1s);
  world.engine().set_muted(false);
  world.pass(1s);
  world.engine().acknowledge("acme", "ana", world.now(), world.now());
  world.pass(1s);
  CHECK(world.story("pager") == "opened(acme)");
  CHECK(world.story("other").empty());
}
