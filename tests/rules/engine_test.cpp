#include "rules/engine.h"

#include <catch2/catch.hpp>
#include <limits>

#include "tests/rules/timeline.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart = parse_time("2026-11-20T09:00:00Z").value();  // a Friday

Ruleset one_rule(Rule rule) {
  return Ruleset{table_settings(), {std::move(rule)}};
}

/// An engine with free choice of series, one step per evaluation.
class Bare {
 public:
  explicit Bare(Ruleset ruleset, TimePoint start = kStart)
      : engine(std::move(ruleset), {receiver("all")}), now(start) {}

  SampleVerdict fold(std::string_view metric, const Labels& labels, double value) {
    return engine.fold(engine.bind(metric, labels), now, value, now);
  }
  /// Deadlines on the way are met.
  void pass(Duration time) {
    const TimePoint end = now + time;
    for (auto due = engine.next_deadline(); due && *due < end; due = engine.next_deadline()) {
      now = *due;
      step();
    }
    now = end;
  }
  void step() {
    Outcome outcome = engine.step(now);
    messages.insert(messages.end(), outcome.messages.begin(), outcome.messages.end());
  }
  [[nodiscard]] CrmStatus status(std::string_view crm = "acme") const { return engine.status(crm).value(); }
  [[nodiscard]] int state(std::string_view crm = "acme") const { return static_cast<int>(status(crm).state); }

  Engine engine;
  TimePoint now;
  std::vector<Message> messages;
};

Labels acme(std::string name = {}, std::string value = {}) {
  Labels labels{{"crm", "acme"}, {"kind", "tryton"}};
  labels.set(name, value);
  return labels;
}

}  // namespace

TEST_CASE("samples of one instant are judged together, whatever their order") {
  Rule rule = table_rule();
  rule.measure.metric = "crm_operation_duration_seconds";
  rule.window = 1min;
  rule.aggregator = Aggregator::avg;
  rule.sub = {1.0, 0.9, 15s};
  rule.poor = {50.0, 40.0, 0s};
  const auto level_after = [&rule](double first, double second) {
    Bare bare{one_rule(rule)};
    const auto one = bare.engine.bind("crm_operation_duration_seconds", acme("operation", "read"));
    const auto two = bare.engine.bind("crm_operation_duration_seconds", acme("operation", "write"));
    for (int i = 0; i < 4; ++i) {
      const TimePoint at = kStart + i * 15s;
      CHECK(bare.engine.fold(one, at, first, at) == SampleVerdict::accepted);
      CHECK(bare.engine.fold(two, at, second, at) == SampleVerdict::accepted);
      static_cast<void>(bare.engine.step(at));
    }
    CHECK(bare.status().rules[0].value == Approx((first + second) / 2));
    return bare.state();
  };
  // The mean is 1.5: too slow for 45 s. Sample by sample the first of an instant would have cleared the timer.
  CHECK(level_after(0.0, 3.0) == 1);
  CHECK(level_after(3.0, 0.0) == 1);
}

TEST_CASE("what is not a value of this moment is not taken") {
  Rule rule = table_rule();
  rule.measure.metric = "crm_operation_duration_seconds";
  rule.window = 5min;
  rule.aggregator = Aggregator::avg;
  Bare bare{one_rule(rule)};
  const auto series = bare.engine.bind("crm_operation_duration_seconds", acme());
  const auto fold = [&](Duration offset, double value) {
    return bare.engine.fold(series, kStart + offset, value, kStart);
  };
  CHECK(fold(0s, std::numeric_limits<double>::quiet_NaN()) == SampleVerdict::invalid);
  CHECK(fold(0s, std::numeric_limits<double>::infinity()) == SampleVerdict::invalid);
  CHECK(fold(0s, -0.1) == SampleVerdict::invalid);
  CHECK(fold(5min + 1ms, 0.1) == SampleVerdict::future);
  CHECK(fold(0s, 0.1) == SampleVerdict::accepted);
  CHECK(fold(0s, 0.1) == SampleVerdict::duplicate);
  CHECK(fold(-60s, 0.3) == SampleVerdict::accepted);
  CHECK(fold(-60s, 0.3) == SampleVerdict::duplicate);
  CHECK(fold(-6min, 0.1) == SampleVerdict::late);
  static_cast<void>(bare.engine.step(kStart));
  CHECK(bare.status().rules[0].value == 0.1);  // the late one is in the window, and evaluates nothing backwards
  CHECK(bare.engine.fold(series, kStart + 15s, 0.2, kStart + 15s) == SampleVerdict::accepted);
  static_cast<void>(bare.engine.step(kStart + 15s));
  CHECK(bare.status().rules[0].value == Approx(0.2));  // (0.3 + 0.1 + 0.2) / 3
}

TEST_CASE("a series without crm, or that no rule wants, is nobody's") {
  Bare bare{one_rule(table_rule())};
  CHECK(bare.engine.bind("d1", {{"kind", "tryton"}}) == Engine::kNoSeries);
  CHECK(bare.engine.fold(Engine::kNoSeries, kStart, 1, kStart) == SampleVerdict::accepted);
  CHECK(bare.engine.crms().empty());
  CHECK(bare.fold("crm_info", acme(), 1) == SampleVerdict::accepted);
  CHECK(bare.engine.crms() == std::vector<std::string>{"acme"});
  CHECK(bare.engine.bind("crm_info", acme()) == bare.engine.bind("crm_info", acme()));
}

TEST_CASE("a CRM that only says it exists is unknown, then without data") {
  Bare bare{one_rule(table_rule())};
  bare.fold("crm_info", acme(), 1);
  bare.step();
  bare.pass(59s);
  bare.step();
  CHECK(bare.status().data_status == DataStatus::warming_up);
  bare.pass(1s);
  bare.step();
  CHECK(bare.state() == 1);
  CHECK(bare.status().data_status == DataStatus::no_data);
  bare.pass(31s);
  REQUIRE(bare.messages.size() == 1);
  CHECK(bare.messages[0].reason == "no_data");
}

TEST_CASE("case 67: a pending timer does not notice that the clock went back") {
  Bare bare{one_rule(table_rule())};
  for (int i = 0; i < 5; ++i) {
    const auto series = bare.engine.bind("d1", acme());
    const TimePoint at = kStart + i * 15s;  // corrected by the caller
    const TimePoint told = i < 2 ? at : at - 1h;
    CHECK(bare.engine.fold(series, at, 1500, told) == SampleVerdict::accepted);
    static_cast<void>(bare.engine.step(told));
    CHECK(bare.state() == (i == 4 ? 1 : 0));
  }
}

TEST_CASE("each judges every value of a label, the worst counts and is named") {
  Rule rule = table_rule();
  rule.each = "object";
  Bare bare{one_rule(rule)};
  for (int i = 0; i < 6; ++i) {
    bare.fold("d1", acme("object", "Account"), 200);
    bare.fold("d1", acme("object", "Lead"), 1500);
    bare.step();
    bare.pass(15s);
  }
  CHECK(bare.state() == 1);
  CHECK(bare.status().rules[0].worst_of == "Lead");
  CHECK(bare.status().rules[0].value == 1500);
}

TEST_CASE("with a quorum one agent alone proves nothing") {
  Rule rule = table_rule();
  rule.quorum = 2;
  Bare bare{one_rule(rule)};
  const auto round = [&](double one, double two) {
    bare.fold("d1", acme("agent", "one"), one);
    bare.fold("d1", acme("agent", "two"), two);
    bare.step();
    bare.pass(15s);
  };
  for (int i = 0; i < 10; ++i) round(4000, 200);
  CHECK(bare.state() == 0);
  for (int i = 0; i < 4; ++i) round(4000, 1500);
  CHECK(bare.state() == 0);
  round(4000, 1500);
  CHECK(bare.state() == 1);  // both see sub-healthy, only one sees poor
  for (int i = 0; i < 4; ++i) round(4000, 4000);
  CHECK(bare.state() == 2);
}

TEST_CASE("with a quorum too few agents count as no data") {
  Rule rule = table_rule();
  rule.quorum = 2;
  Bare bare{one_rule(rule)};
  for (int i = 0; i < 5; ++i) {
    bare.fold("d1", acme("agent", "one"), 200);
    bare.step();
    bare.pass(15s);
  }
  bare.step();
  CHECK(bare.state() == 1);
  CHECK(bare.status().data_status == DataStatus::no_data);
}

TEST_CASE("outside its hours a rule is not judged and misses no data") {
  Rule rule = table_rule();
  rule.active = ActiveHours{0x1f, 8h, 18h, {"Plus one", {{TimePoint{}, 1h}}}};
  Bare bare{one_rule(rule), parse_time("2026-11-20T16:59:00Z").value()};  // a Friday, 17:59 local
  for (int i = 0; i < 3; ++i) {
    bare.fold("d1", acme(), 1500);
    bare.step();
    bare.pass(15s);
  }
  for (int i = 0; i < 20; ++i) {  // from 17:59:45 on; 18:00 is outside
    bare.fold("d1", acme(), 1500);
    bare.step();
    bare.pass(15s);
  }
  CHECK(bare.state() == 0);
  bare.pass(62h - 10min);  // Monday, before eight
  CHECK(bare.state() == 0);
  bare.now = parse_time("2026-11-23T07:00:00Z").value();  // Monday, 08:00 local
  bare.step();
  bare.pass(59s);
  bare.step();
  CHECK(bare.state() == 0);
  bare.pass(2s);
  bare.step();
  CHECK(bare.state() == 1);
}

TEST_CASE("a share is judged, whichever of its two parts comes first") {
  Rule rule = table_rule();
  rule.measure.metric = "crm_active_users";
  rule.measure.per = Measure::Divisor{"crm_licensed_users", {}, {}};
  rule.op = Direction::below;
  rule.sub = {0.6, 0.65, 0s};
  rule.poor = {0.3, 0.35, 0s};
  Bare bare{one_rule(rule)};
  bare.fold("crm_active_users", acme(), 20);
  bare.step();
  CHECK(bare.status().data_status == DataStatus::warming_up);
  bare.fold("crm_licensed_users", acme(), 100);
  bare.step();
  CHECK(bare.state() == 2);
  CHECK(bare.status().rules[0].value == 0.2);
  bare.pass(15s);
  bare.fold("crm_licensed_users", acme(), 0);
  bare.fold("crm_active_users", acme(), 50);
  bare.step();
  CHECK(bare.status().rules[0].value == 0.2);  // a share of nothing has no value
}

TEST_CASE("shares are taken label by label") {
  Rule rule = table_rule();
  rule.each = "object";
  rule.measure.metric = "crm_records_incomplete";
  rule.measure.per = Measure::Divisor{"crm_records", {}, {"object"}};
  rule.sub = {0.1, 0.08, 0s};
  rule.poor = {0.25, 0.2, 0s};
  Bare bare{one_rule(rule)};
  bare.fold("crm_records", acme("object", "Lead"), 100);
  bare.fold("crm_records", acme("object", "Account"), 1000);
  bare.fold("crm_records_incomplete", acme("object", "Lead"), 15);
  bare.fold("crm_records_incomplete", acme("object", "Account"), 15);
  bare.step();
  CHECK(bare.state() == 1);
  CHECK(bare.status().rules[0].worst_of == "Lead");
  CHECK(bare.status().rules[0].value == 0.15);
}

TEST_CASE("without an interval the spacing of the samples is learned") {
  Rule rule = table_rule();
  rule.interval = 0s;
  rule.no_data_after = 0s;
  Bare bare{one_rule(rule)};
  for (int i = 0; i < 4; ++i) {
    bare.fold("d1", acme(), 200);
    bare.step();
    bare.pass(5min);
  }
  // 5 min apart: missing after 20 min, and 5 min of breach between two samples is observed time.
  CHECK(bare.state() == 0);
  bare.pass(14min);
  bare.step();
  CHECK(bare.state() == 0);
  bare.pass(2min);
  bare.step();
  CHECK(bare.state() == 1);
}

TEST_CASE("a window that still fills is not missing data while samples come") {
  Rule rule = table_rule();
  rule.aggregator = Aggregator::avg;
  rule.window = 5min;
  rule.min_samples = 12;
  Ruleset ruleset = one_rule(rule);
  ruleset.settings.repeat_poor = 24h;
  Timeline line{ruleset, {receiver("all")}};
  line.times(11, 5000);
  CHECK(line.unknown());
  line.times(9, 200);
  CHECK(line.state() == 2);
  line.gap(2h);
  line.restart();
  line.times(11, 5000);
  CHECK(line.status().data_status != DataStatus::no_data);
  CHECK(line.messages().size() == 1);
}

TEST_CASE("samples that come but never fill the window count as no data in the end") {
  Rule rule = table_rule();
  rule.aggregator = Aggregator::avg;
  rule.window = 5min;
  rule.min_samples = 12;
  Bare bare{one_rule(rule)};
  for (int i = 0; i < 8; ++i) {
    bare.fold("d1", acme(), 200);
    bare.step();
    bare.pass(50s);
  }
  CHECK(bare.state() == 1);
}

TEST_CASE("an agent catching up tells history, not news") {
  Rule rule = table_rule();
  rule.aggregator = Aggregator::avg;
  rule.window = 5min;
  Bare bare{one_rule(rule)};
  const auto series = bare.engine.bind("d1", acme());
  bare.now = kStart + 2h;
  for (int i = 0; i < 460; ++i) {
    const TimePoint at = kStart + i * 15s;
    const SampleVerdict fold = bare.engine.fold(series, at, 5000, bare.now);
    CHECK(fold == (at <= bare.now - 5min ? SampleVerdict::late : SampleVerdict::accepted));
  }
  bare.step();
  CHECK(bare.state() == 0);
}

TEST_CASE("what an agent catching up saw long ago does not lift the latch") {
  Rule rule = table_rule();
  rule.aggregator = Aggregator::avg;
  rule.window = 5min;
  Bare bare{one_rule(rule)};
  bare.fold("d1", acme(), 200);
  bare.step();
  bare.pass(4min);
  bare.step();
  REQUIRE(bare.state() == 1);
  const auto series = bare.engine.bind("d1", acme());
  for (TimePoint at = kStart + 15s; at <= bare.now - 60s; at += 15s) {
    CHECK(bare.engine.fold(series, at, 200, bare.now) == SampleVerdict::accepted);
  }
  bare.step();
  CHECK(bare.state() == 1);
  CHECK(bare.status().data_status == DataStatus::no_data);
  for (const Duration age : {45s, 30s})
    CHECK(bare.engine.fold(series, bare.now - age, 200, bare.now) == SampleVerdict::accepted);
  bare.step();
  CHECK(bare.state() == 0);
}

TEST_CASE("of rules with one id the last that applies wins") {
  Rule narrow = table_rule();
  narrow.applies_to = {{"kind", {"tryton"}}};
  narrow.sub.hold = narrow.poor.hold = 0s;
  Bare bare{Ruleset{table_settings(), {table_rule(), narrow}}};
  bare.fold("d1", acme(), 1500);
  bare.fold("d1", {{"crm", "other"}, {"kind", "odoo"}}, 1500);
  bare.step();
  CHECK(bare.state("acme") == 1);
  CHECK(bare.state("other") == 0);
  CHECK(bare.status("acme").rules.size() == 1);
}

TEST_CASE("labels of crm_up choose rules and receivers") {
  Rule narrow = table_rule("eu");
  narrow.applies_to = {{"region", {"eu"}}};
  ReceiverSpec us = receiver("us");
  us.only = {{"region", {"us"}}};
  Rule quick = table_rule();
  quick.sub.hold = 0s;
  Ruleset ruleset{table_settings(), {quick, narrow}};
  Bare bare{ruleset};
  bare.engine = Engine{ruleset, {receiver("all"), us}};
  bare.fold("d1", acme(), 1500);
  CHECK(bare.status().rules.size() == 1);
  bare.fold("crm_up", acme("region", "eu"), 1);
  CHECK(bare.status().rules.size() == 2);
  CHECK(bare.status().labels.get("region") == "eu");
  bare.step();
  bare.pass(40s);
  CHECK(bare.state() == 1);
  REQUIRE(bare.messages.size() == 1);
  CHECK(bare.messages[0].receiver == "all");
}

TEST_CASE("taking the failing rule away resolves with that reason") {
  Timeline line{Ruleset{table_settings(), {table_rule("d1"), table_rule("d2")}}, {receiver("all")}};
  line.times(8, Reading{1500, 200});
  REQUIRE(line.messages().size() == 1);
  Ruleset fewer = line.ruleset();
  fewer.rules.erase(fewer.rules.begin());
  line.edit(fewer);
  REQUIRE(line.messages().size() == 2);
  CHECK(line.messages()[1].reason == "removed");
  CHECK(line.state() == 0);
}

TEST_CASE("a removed CRM comes back as a new one when its samples do") {
  Timeline line{one_rule(table_rule()), {receiver("all")}};
  line.times(8, 1500);
  line.remove();
  CHECK(line.engine().crms().empty());
  line.times(1, 1500);
  CHECK(line.engine().crms().size() == 1);
  CHECK(line.state() == 0);
}

TEST_CASE("one incident from healthy to healthy, with one id for all its messages") {
  Timeline line{one_rule(table_rule()), {receiver("all")}};
  line.times(8, 1500);
  line.times(4, 4000);
  const std::string id = line.status().incident.value().id;
  CHECK(id.size() == 26);
  CHECK(line.status().incident->worst == Level::poor);
  line.times(9, 200);
  CHECK_FALSE(line.status().incident.has_value());
  line.times(8, 1500);
  CHECK(line.status().incident.value().id != id);
  REQUIRE(line.messages().size() == 5);
  for (std::size_t i = 0; i < 4; ++i) CHECK(line.messages()[i].incident == id);
  CHECK(line.messages()[4].seq == 5);
}

TEST_CASE("after a start nothing is resolved for two evaluations") {
  Rule rule = table_rule();
  rule.recover_sub = 0s;
  Timeline line{one_rule(rule), {receiver("all")}};
  line.times(8, 1500);
  line.restart();
  line.times(1, 200);
  CHECK(line.state() == 0);
  line.times(1, 200);
  CHECK(line.messages().size() == 1);
  line.times(1, 200);
  CHECK(line.messages().size() == 2);
}

TEST_CASE("a new receiver hears of what is open") {
  Timeline line{one_rule(table_rule()), {receiver("all")}};
  line.times(8, 1500);
  line.say([&](Engine& engine, TimePoint now) {
    static_cast<void>(engine.reconfigure(line.ruleset(), {receiver("all"), receiver("late")}, now));
  });
  line.times(4, 1500);
  REQUIRE(line.messages().size() == 2);
  CHECK(line.messages()[1].receiver == "late");
}

TEST_CASE("the outbox sees no number twice: not from a receiver that was away, not from a CRM that was") {
  Timeline line{one_rule(table_rule()), {receiver("all"), receiver("away")}};
  line.times(8, 1500);
  line.times(9, 200);
  REQUIRE(line.messages().back().seq == 2);
  line.say([&](Engine& engine, TimePoint now) {
    static_cast<void>(engine.reconfigure(line.ruleset(), {receiver("all")}, now));
    static_cast<void>(engine.reconfigure(line.ruleset(), {receiver("all"), receiver("away")}, now));
  });
  line.times(8, 1500);
  REQUIRE(line.messages().back().receiver == "away");
  CHECK(line.messages().back().seq == 3);
  line.remove();
  line.times(8, 1500);
  REQUIRE(line.messages().back().type == Event::opened);
  CHECK(line.messages().back().seq == 5);
}

TEST_CASE("marks wait for a CRM that is not known yet") {
  Bare bare{one_rule(table_rule())};
  bare.engine.set_silence("acme", true, kStart);
  bare.step();
  CHECK(bare.engine.crms().empty());
  for (int i = 0; i < 12; ++i) {
    bare.fold("d1", acme(), 1500);
    bare.step();
    bare.pass(15s);
  }
  CHECK(bare.state() == 1);
  CHECK(bare.messages.empty());
}

TEST_CASE("ten thousand CRMs cost nothing while nothing is due", "[slow]") {
  Bare bare{one_rule(table_rule())};
  for (int i = 0; i < 10'000; ++i) bare.fold("d1", {{"crm", "c" + std::to_string(i)}}, 200);
  CHECK(bare.engine.step(bare.now).touched.size() == 10'000);
  CHECK(bare.engine.step(bare.now + 1s).touched.empty());
  CHECK(bare.engine.next_deadline() == kStart + 60s);
  CHECK(bare.engine.step(kStart + 60s).changes.size() == 10'000);
}
