// What a rule measures beside its own metric, and what is not a measurement at all.

#include <catch2/catch.hpp>
#include <limits>

#include "tests/rules/timeline.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart = parse_time("2026-11-21T09:00:00Z").value();

class Feed {
 public:
  explicit Feed(Rule rule) : engine(Ruleset{table_settings(), {std::move(rule)}}, {}) {}
  SampleVerdict put(std::string_view metric, double value, Labels labels = {}) {
    labels.set("crm", "acme");
    return engine.fold(engine.bind(metric, labels), now, value, now);
  }
  [[nodiscard]] std::optional<double> value() {
    static_cast<void>(engine.step(now));
    return engine.status("acme").value().rules[0].value;
  }
  Engine engine;
  TimePoint now = kStart;
};

Rule apdex_rule(Duration window) {
  Rule rule = table_rule("crm_operation_duration_seconds");
  rule.op = Direction::below;
  rule.aggregator = Aggregator::apdex;
  rule.measure.errors = Measure::Errors{"crm_operation_success", {{"operation", {"read"}}}};
  rule.target = 1;
  rule.window = window;
  rule.sub = {0.85, 0.87, 0s};
  rule.poor = {0.7, 0.72, 0s};
  rule.interval = 0s;
  return rule;
}

}  // namespace

TEST_CASE("Apdex counts calls that failed as frustrated users") {
  for (const Duration window : {Duration{1h}, Duration{24h}}) {
    Feed feed{apdex_rule(window)};
    for (int i = 0; i < 8; ++i, feed.now += 15s) {
      feed.put("crm_operation_duration_seconds", 0.5, {{"operation", "read"}});
      feed.put("crm_operation_success", 1, {{"operation", "read"}});
    }
    CHECK(feed.value() == 1);
    for (int i = 0; i < 2; ++i, feed.now += 15s) feed.put("crm_operation_success", 0, {{"operation", "read"}});
    CHECK(feed.value().value() == Approx(0.8));
    feed.put("crm_operation_success", 0, {{"operation", "write"}});  // not of this rule
    CHECK(feed.value().value() == Approx(0.8));
    Engine again{Ruleset{table_settings(), {apdex_rule(window)}}, {}};
    REQUIRE(again.load("acme", feed.engine.save("acme")).has_value());
    CHECK(again.status("acme").value().rules[0].value.value() == Approx(0.8));
  }
}

TEST_CASE("of too few records a share is not judged") {
  Rule rule = table_rule("crm_records_incomplete");
  rule.measure.per = Measure::Divisor{"crm_records", {}, {}, 500};
  Feed feed{rule};
  feed.put("crm_records", 499);
  feed.put("crm_records_incomplete", 100);
  CHECK_FALSE(feed.value().has_value());
  feed.now += 15s;
  feed.put("crm_records", 500);
  feed.put("crm_records_incomplete", 100);
  CHECK(feed.value() == 0.2);
  feed.now += 15s;
  feed.put("crm_records", 499);
  feed.put("crm_records_incomplete", 300);
  CHECK(feed.value() == 0.2);
}

TEST_CASE("case 63: what is not a number, or a negative latency, is rejected and evaluates nothing") {
  Feed feed{table_rule("crm_operation_duration_seconds")};
  CHECK(feed.put("crm_operation_duration_seconds", std::numeric_limits<double>::quiet_NaN()) == SampleVerdict::invalid);
  CHECK(feed.put("crm_operation_duration_seconds", -std::numeric_limits<double>::infinity()) == SampleVerdict::invalid);
  CHECK(feed.put("crm_operation_duration_seconds", -0.001) == SampleVerdict::invalid);
  CHECK_FALSE(feed.value().has_value());
}

TEST_CASE("case 64: a counter that was reset leaves that interval out, whatever the window") {
  for (const Duration window : {Duration{10min}, Duration{12h}}) {
    Rule rule = table_rule("requests");
    rule.aggregator = Aggregator::rate;
    rule.window = window;
    Feed feed{rule};
    for (const double value : {100.0, 130.0, 10.0, 40.0}) {
      feed.put("requests", value);
      feed.now += 15s;
    }
    CHECK(feed.value() == 2);
  }
}

TEST_CASE("case 65: of no requests there is no success ratio, neither 100 % nor 0 %") {
  Rule rule = table_rule("good");
  rule.op = Direction::below;
  rule.measure.per = Measure::Divisor{"requests", {}, {}};
  rule.sub = {0.99, 0.993, 0s};
  rule.poor = {0.95, 0.96, 0s};
  Feed feed{rule};
  feed.put("requests", 0);
  feed.put("good", 0);
  CHECK_FALSE(feed.value().has_value());
  CHECK(feed.engine.status("acme").value().data_status == DataStatus::warming_up);
}

TEST_CASE("case 66: a sample six minutes ahead is rejected") {
  Feed feed{table_rule("m")};
  const auto series = feed.engine.bind("m", {{"crm", "acme"}});
  CHECK(feed.engine.fold(series, kStart + 6min, 5000, kStart) == SampleVerdict::future);
  CHECK_FALSE(feed.value().has_value());
}
