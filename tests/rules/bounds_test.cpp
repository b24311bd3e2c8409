// What one sender may name without end costs a bounded time and a bounded room.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "rules/window/ring.h"
#include "rules/window/slots.h"
#include "rules/window/window.h"
#include "tests/rules/reload.h"
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

TEST_CASE("25,000 objects of one CRM are found each by its own divisor", "[slow]") {
  Engine engine{Ruleset{table_settings(), {share_rule()}}, {receiver("all")}};
  TimePoint now = kStart;
  for (int i = 0; i < 25'000; ++i) {
    const Labels labels{{"crm", "acme"}, {"kind", "tryton"}, {"object", fmt::format("object-{}", i)}};
    CHECK(engine.fold(engine.bind("crm_records", labels), now, 100, now) != SampleVerdict::invalid);
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
  Slots loaded;
  REQUIRE(reload(slots, loaded));
  CHECK(loaded.place_of("b") == 0);
  CHECK(loaded.place_of("a") == 1);
  CHECK(loaded[loaded.place_of("")].value == 3);
}

TEST_CASE("a CRM whose labels change with each of 20,000 series follows the last ones with the next step", "[slow]") {
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

TEST_CASE(
    "units that a sender floods keep fewer samples when there is no room, are judged by those, and cost no other CRM "
    "any") {
  Rule slow = table_rule("slow");
  slow.measure.metric = "crm_operation_duration_seconds";
  slow.each = "object";
  slow.aggregator = Aggregator::quantile;
  slow.quantile = 0.75;
  slow.window = 1h;
  slow.min_samples = 4;
  slow.sub = {1, 0.9, 0s};
  slow.poor = {3, 2.7, 0s};
  Rule often = slow;
  often.id = "often";
  often.aggregator = Aggregator::ratio;
  often.measure.metric = "crm_operation_success";
  often.op = Direction::below;
  often.sub = {0.99, 0.995, 0s};
  often.poor = {0.9, 0.95, 0s};
  Engine bounded{Ruleset{table_settings(), {slow, often}}, {receiver("all")}};
  Engine free{Ruleset{table_settings(), {slow, often}}, {receiver("all")}};
  constexpr std::size_t kMost = 10'000;
  constexpr std::size_t kUnits = 200;
  bounded.bound_windows(kMost);
  TimePoint now = kStart;
  const auto send = [&](Engine& engine, std::string_view crm, std::string_view object, double seconds, TimePoint at) {
    Labels labels{{"kind", "tryton"}};
    labels.set("crm", crm);
    labels.set("object", object);
    static_cast<void>(engine.fold(engine.bind("crm_operation_duration_seconds", labels), at, seconds, now));
    static_cast<void>(engine.fold(engine.bind("crm_operation_success", labels), at, seconds < 3 ? 1 : 0, now));
  };
  const auto value_of = [](const Engine& engine, const std::string& crm, const std::string& rule) {
    const CrmStatus status = engine.status(crm).value();
    const auto found =
        std::find_if(status.rules.begin(), status.rules.end(), [&](const RuleStatus& one) { return one.rule == rule; });
    return found->value;
  };
  for (int minute = 0; minute < 40; ++minute) {
    for (int part = 0; part < 4; ++part, now += 15s) {
      // One in ten is slow and fails: which are left out must not decide.
      const double seconds = (minute * 4 + part) % 10 == 9 ? 5 : 0.2;
      for (Engine* const engine : {&bounded, &free}) {
        send(*engine, "acme", "contact", seconds, now);
        static_cast<void>(engine->step(now));
      }
    }
    for (std::size_t unit = 0; unit < kUnits; ++unit) {
      const std::string object = fmt::format("object-{}", unit);
      for (int i = 0; i < 40; ++i) send(bounded, "flood", object, i % 2 == 0 ? 7 : 8, now - 1s + 20ms * i);
    }
    static_cast<void>(bounded.step(now));
  }
  // 40 minutes of 40 samples would be 1,600 in each of 400 windows.
  CHECK(bounded.window_use().entries <= kMost + RingRoom::kOwn + 2 * kUnits * Ring::kAlways);
  CHECK(bounded.window_use().refused > 0);
  CHECK(bounded.status("flood")->state == Level::poor);
  CHECK(value_of(bounded, "flood", "slow") >= 7);
  CHECK(value_of(bounded, "flood", "often") == 0);
  // 160 samples in each window of the other.
  for (const char* rule : {"slow", "often"}) CHECK(value_of(bounded, "acme", rule) == value_of(free, "acme", rule));
  CHECK(value_of(bounded, "acme", "often") == Approx(0.9));
  // What goes gives its room back.
  static_cast<void>(bounded.remove("flood", now));
  CHECK(bounded.window_use().entries <= 1024);
  static_cast<void>(bounded.remove("acme", now));
  CHECK(bounded.window_use().entries == 0);
}

TEST_CASE("a window that was flooded keeps every sample again when the flood has left it") {
  const auto pool = std::make_shared<RingPool>();
  pool->most = 0;
  const auto room = std::make_shared<RingRoom>(pool);
  room->take(RingRoom::kOwn);
  Rule rule = table_rule("slow");
  rule.aggregator = Aggregator::quantile;
  rule.quantile = 0.75;
  rule.window = 5min;
  Window window{rule};
  window.share(room);
  TimePoint at = kStart;
  for (int i = 0; i < 100'000; ++i) static_cast<void>(window.put(at += 1ms, 1, 5, {}));
  CHECK(window.ring().size() <= Ring::kAlways);
  CHECK(window.count() > 20'000);
  for (int i = 0; i < 30; ++i) static_cast<void>(window.put(at += 30s, 1, 0.2, {}));
  CHECK(window.ring().size() == 10);
  CHECK(window.count() == 10);
}

TEST_CASE("late samples are kept in a ring without room as long as it has places, in order") {
  const auto pool = std::make_shared<RingPool>();
  pool->most = 0;
  const auto room = std::make_shared<RingRoom>(pool);
  room->take(RingRoom::kOwn);
  Ring ring{4096};
  ring.share(room);
  std::size_t kept = 0;
  for (std::uint64_t i = 0; i < 4 * Ring::kAlways; ++i) {
    // Forwards and backwards from the middle by turns.
    const std::uint64_t key = 1000 + (i % 2 == 0 ? i : 999 - 10 * i);
    const Ring::Put put = ring.put(Entry{key, static_cast<double>(i)});
    if (put == Ring::Put::stored) ++kept;
    if (put == Ring::Put::full) ring.pop_front();
  }
  CHECK(ring.places() == Ring::kAlways);
  CHECK(ring.size() <= Ring::kAlways);
  CHECK(kept > Ring::kAlways);
  std::uint64_t before = 0;
  ring.each([&](const Entry& entry) {
    CHECK(entry.key > before);
    before = entry.key;
  });
}
