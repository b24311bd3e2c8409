// What one sender may name without end costs a bounded time and a bounded room.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "rules/window/slots.h"
#include "tests/rules/timeline.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart = parse_time("2026-11-20T09:00:00Z").value();

/// Incomplete records of an object as a share of all it has.
Rule share_rule() {
  Rule rule = table_rule("incomplete");
  rule.measure.metric = "crm_records_incomplete";
  Measure::Divisor per;
  per.metric = "crm_records";
  per.on = {"object"};
  rule.measure.per = per;
  rule.sub.enter = 0.1;
  rule.poor.enter = 0.5;
  rule.sub.hold = rule.poor.hold = Duration{};
  return rule;
}

Rule rule_for_kind(const std::string& id, const std::string& kind) {
  Rule rule = table_rule(id);
  rule.measure.metric = "d";
  rule.applies_to = {{"kind", {kind}}};
  return rule;
}

std::vector<std::string> rule_names(const Engine& engine) {
  std::vector<std::string> names;
  const CrmStatus status = engine.status("acme").value();
  for (const RuleStatus& rule : status.rules) names.push_back(rule.rule);
  return names;
}

}  // namespace

TEST_CASE("25,000 objects of one CRM are found each by its own divisor") {
  Engine engine{Ruleset{table_settings(), {share_rule()}}, {receiver("all")}};
  TimePoint now = kStart;
  for (int i = 0; i < 25'000; ++i) {
    const Labels labels{{"crm", "acme"}, {"kind", "tryton"}, {"object", fmt::format("object-{}", i)}};
    CHECK(engine.fold(engine.bind("crm_records", labels), now, 100, now) != Fold::invalid);
  }
  static_cast<void>(engine.step(now));
  const Labels last{{"crm", "acme"}, {"kind", "tryton"}, {"object", "object-11"}};
  for (int i = 0; i < 8; ++i) {
    now += 15s;
    static_cast<void>(engine.fold(engine.bind("crm_records_incomplete", last), now, 60, now));
    static_cast<void>(engine.step(now));
  }
  CHECK(engine.status("acme").value().rules.at(0).value == 0.6);
}

TEST_CASE("divisors beyond their bound take no room, and nothing is judged by them") {
  Slots slots;
  for (std::size_t i = 0; i < Slots::kMost; ++i) REQUIRE(slots.place_of(fmt::format("object-{}", i)) == i);
  CHECK(slots.place_of("one more") == Slots::kNone);
  CHECK(slots.size() == Slots::kMost);
  CHECK(slots.place_of("object-7") == 7);
}

TEST_CASE("divisors come back from their bytes under the same places") {
  Slots slots;
  double value = 0;
  for (const char* key : {"b", "a", ""}) slots[slots.place_of(key)] = {++value, true};
  Encoder encoder;
  slots.save(encoder);
  Decoder decoder{encoder.bytes()};
  Slots loaded;
  loaded.load(decoder);
  REQUIRE(decoder.ok());
  CHECK(decoder.at_end());
  CHECK(loaded.place_of("b") == 0);
  CHECK(loaded.place_of("a") == 1);
  CHECK(loaded[loaded.place_of("")].value == 3);
}

TEST_CASE("a CRM whose labels change with each of 20,000 series follows the last ones with the next step") {
  Engine engine{Ruleset{table_settings(), {rule_for_kind("of-odoo", "odoo"), rule_for_kind("of-tryton", "tryton")}},
                {receiver("all")}};
  for (int i = 0; i < 20'000; ++i) {
    const Labels labels{{"crm", "acme"}, {"kind", i % 2 == 0 ? "odoo" : "tryton"}, {"place", fmt::format("{}", i)}};
    static_cast<void>(engine.bind("crm_up", labels));
  }
  static_cast<void>(engine.step(kStart));
  CHECK(rule_names(engine) == std::vector<std::string>{"of-tryton"});
  CHECK(engine.status("acme").value().kind == "tryton");
}

TEST_CASE("a few changes of a CRM's labels are followed at once") {
  Engine engine{Ruleset{table_settings(), {rule_for_kind("of-odoo", "odoo"), rule_for_kind("of-tryton", "tryton")}},
                {receiver("all")}};
  static_cast<void>(engine.bind("crm_up", {{"crm", "acme"}, {"kind", "odoo"}}));
  CHECK(rule_names(engine) == std::vector<std::string>{"of-odoo"});
  static_cast<void>(engine.bind("crm_up", {{"crm", "acme"}, {"kind", "tryton"}}));
  CHECK(rule_names(engine) == std::vector<std::string>{"of-tryton"});
}
