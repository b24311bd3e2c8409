#include "agent/print/judge.h"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "agent/print/probe_report.h"

using namespace crmpulse;
using namespace crmpulse::agent;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();
const Labels kAcme{{"crm", "acme"}, {"kind", "mini"}, {"agent", "a"}};

Sample sample(std::string metric, double value, Labels labels = {}) {
  for (const auto& [name, text] : kAcme) labels.set(name, text);
  return {std::move(metric), std::move(labels), value, kNow};
}

Rule rule(std::string id, std::string metric, Aggregator aggregator, Direction op, double sub, double poor) {
  Rule out;
  out.id = out.dimension = std::move(id);
  out.measure.metric = std::move(metric);
  out.aggregator = aggregator;
  out.op = op;
  out.sub.enter = sub;
  out.poor.enter = poor;
  return out;
}

probes::Reading reading(std::string id, std::vector<Sample> samples, std::optional<Failure> failure = {}) {
  probes::Reading out;
  out.measurement = std::move(id);
  out.samples = std::move(samples);
  out.failure = std::move(failure);
  return out;
}

CrmReport report(std::vector<probes::Reading> readings) {
  CrmReport out{.crm = "acme",
                .kind = "mini",
                .readings = std::move(readings),
                .liveness = "liveness",
                .levels = {},
                .state = {},
                .why = {}};
  return out;
}

}  // namespace

TEST_CASE("an age is below zero only for a rule that counts down") {
  const std::vector<Sample> ahead{sample("t_timestamp_seconds", to_seconds(kNow.time_since_epoch()) + 600)};
  const auto value = [&](double sub, double poor) {
    Ruleset rules;
    rules.rules = {rule("age", "t_timestamp_seconds", Aggregator::age, Direction::above, sub, poor)};
    return judge_samples(rules, kAcme, ahead, kNow).at(0).value;
  };
  CHECK(value(60, 300) == 0);
  CHECK(value(-3600, -900) == -600);
}

TEST_CASE("aggregators that one reading can answer are judged, others need a window") {
  const std::vector<Sample> samples{sample("m", 1), sample("m", 0), sample("m", 4)};
  struct Case {
    Aggregator aggregator;
    std::optional<double> value;
  };
  for (const Case& one :
       {Case{Aggregator::last, 4}, Case{Aggregator::avg, 5.0 / 3}, Case{Aggregator::min, 0}, Case{Aggregator::max, 4},
        Case{Aggregator::ratio, 5.0 / 3}, Case{Aggregator::quantile, 1}, Case{Aggregator::age, 1795251600.0 - 4},
        Case{Aggregator::rate, {}}, Case{Aggregator::failures_in_row, {}}, Case{Aggregator::burn, {}},
        Case{Aggregator::apdex, {}}, Case{Aggregator::baseline_drop, {}}}) {
    Ruleset rules{{}, {rule("r", "m", one.aggregator, Direction::above, 2, 3)}};
    rules.rules[0].quantile = 0.5;
    const auto levels = judge_samples(rules, kAcme, samples, kNow);
    REQUIRE(levels.size() == 1);
    INFO(to_string(one.aggregator, 0.5));
    CHECK(levels[0].value.has_value() == one.value.has_value());
    CHECK(levels[0].level.has_value() == one.value.has_value());
    if (one.value) CHECK(*levels[0].value == Approx(*one.value));
  }
}

TEST_CASE("with `each` the worst value of the label counts") {
  Ruleset rules{{}, {rule("staleness", "newest", Aggregator::last, Direction::above, 10, 20)}};
  rules.rules[0].each = "object";
  const auto levels = judge_samples(
      rules, kAcme, std::vector{sample("newest", 5, {{"object", "a"}}), sample("newest", 15, {{"object", "b"}})}, kNow);
  REQUIRE(levels.size() == 1);
  CHECK(levels[0].each == "b");
  CHECK(levels[0].level == Level::sub_healthy);
}

TEST_CASE("a divisor of the same labels makes a share, without one there is no value") {
  Ruleset rules{{}, {rule("quality", "bad", Aggregator::max, Direction::above, 0.1, 0.25)}};
  rules.rules[0].measure.per = Measure::Divisor{"crm_records", {}, {"object"}};
  const auto both =
      std::vector{sample("bad", 30, {{"object", "contact"}}), sample("crm_records", 100, {{"object", "contact"}}),
                  sample("crm_records", 7, {{"object", "deal"}})};
  const auto levels = judge_samples(rules, kAcme, both, kNow);
  REQUIRE(levels.size() == 1);
  CHECK(*levels[0].value == Approx(0.3));
  CHECK(levels[0].level == Level::poor);
  CHECK(judge_samples(rules, kAcme, std::vector{both[0]}, kNow).empty());
  CHECK(judge_samples(rules, kAcme, std::vector{both[0], sample("crm_records", 0, {{"object", "contact"}})}, kNow)
            .empty());
}

TEST_CASE("of the rules of one id the last that applies to the CRM judges") {
  Ruleset rules{{},
                {rule("latency", "m", Aggregator::last, Direction::above, 1, 3),
                 rule("latency", "m", Aggregator::last, Direction::above, 10, 30),
                 rule("latency", "m", Aggregator::last, Direction::above, 100, 300)}};
  rules.rules[1].applies_to = {{"crm", {"acme"}}};
  rules.rules[2].applies_to = {{"crm", {"other"}}};
  const auto levels = judge_samples(rules, kAcme, std::vector{sample("m", 5)}, kNow);
  REQUIRE(levels.size() == 1);
  CHECK(levels[0].level == Level::healthy);
}

TEST_CASE("an age counts the hours of the CRM's people, and rests outside them or while they are not known") {
  Ruleset rules{{}, {rule("staleness", "m", Aggregator::age, Direction::above, 3600, 7200)}};
  rules.rules[0].active_crm = true;
  const TimePoint friday = parse_time("2026-11-20T17:30:00Z").value();
  const TimePoint monday = parse_time("2026-11-23T08:10:00Z").value();
  const std::vector samples{sample("m", to_seconds(friday.time_since_epoch()))};
  ActiveHours hours;
  hours.days = 0x1f;
  hours.from = std::chrono::hours{8};
  hours.to = std::chrono::hours{18};
  const auto judged = judge_samples(rules, kAcme, samples, monday, hours);
  REQUIRE(judged.size() == 1);
  CHECK(judged[0].value == 2400);
  CHECK(judged[0].level == Level::healthy);
  CHECK(judge_samples(rules, kAcme, samples, monday - std::chrono::hours{1}, hours)[0].resting);
  CHECK(judge_samples(rules, kAcme, samples, monday)[0].resting);
}

TEST_CASE("the state is the worst gate, soft rules at most sub-healthy") {
  Ruleset rules{{},
                {rule("latency", "m", Aggregator::last, Direction::above, 1, 3),
                 rule("quality", "q", Aggregator::last, Direction::above, 1, 3)}};
  rules.rules[1].role = Role::soft;
  auto healthy = report({reading("liveness", {sample("m", 0.5), sample("q", 0)})});
  judge_report(healthy, rules, kAcme, kNow);
  CHECK(healthy.state == Level::healthy);
  auto soft = report({reading("liveness", {sample("m", 0.5), sample("q", 9)})});
  judge_report(soft, rules, kAcme, kNow);
  CHECK(soft.state == Level::sub_healthy);
  auto poor = report({reading("liveness", {sample("m", 3), sample("q", 9)})});
  judge_report(poor, rules, kAcme, kNow);
  CHECK(poor.state == Level::poor);
  CHECK(poor.why.find("response time") != std::string::npos);
}

TEST_CASE("a failed liveness is poor, another failure sub-healthy, nothing judged unknown") {
  const Failure refused{Stage::connect, Reason::refused, "connection refused"};
  auto down = report({reading("liveness", {}, refused), reading("records", {}, refused)});
  judge_report(down, {}, kAcme, kNow);
  CHECK(down.state == Level::poor);
  CHECK(down.why == "liveness failed: connect/refused: connection refused");
  auto partly = report({reading("liveness", {}), reading("records", {}, refused)});
  judge_report(partly, {}, kAcme, kNow);
  CHECK(partly.state == Level::sub_healthy);
  auto nothing = report({reading("liveness", {})});
  judge_report(nothing, {}, kAcme, kNow);
  CHECK_FALSE(nothing.state.has_value());
}

TEST_CASE("several CRMs end with the worst one's exit code, unknown between healthy and sub-healthy") {
  std::vector<CrmReport> reports(2);
  reports[0].state = Level::healthy;
  CHECK(exit_code(worst_state(reports)) == 3);
  reports[1].state = Level::sub_healthy;
  CHECK(exit_code(worst_state(reports)) == 1);
  reports[0].state = Level::poor;
  CHECK(exit_code(worst_state(reports)) == 2);
  reports[0].state = reports[1].state = Level::healthy;
  CHECK(exit_code(worst_state(reports)) == 0);
}

TEST_CASE("the table's first line is a plugin's, worst CRM first") {
  std::vector<CrmReport> reports(2);
  reports[0] = {
      .crm = "a", .kind = "mini", .readings = {}, .liveness = {}, .levels = {}, .state = Level::healthy, .why = "fine"};
  reports[1] = {
      .crm = "b", .kind = "mini", .readings = {}, .liveness = {}, .levels = {}, .state = Level::poor, .why = "down"};
  CHECK(probe_table(reports).starts_with("POOR b: down; HEALTHY a: fine\n"));
}

TEST_CASE("the Prometheus format escapes label values and names each family once") {
  const std::vector reports{
      report({reading("x", {sample("m", 1.5, {{"object", "a\"b\\c"}}), sample("m", 7), sample("m", 2)})})};
  CHECK(probe_prometheus(reports) ==
        "# TYPE m gauge\nm{agent=\"a\",crm=\"acme\",kind=\"mini\"} "
        "2\nm{agent=\"a\",crm=\"acme\",kind=\"mini\",object=\"a\\\"b\\\\c\"} 1.5\n");
}

TEST_CASE("the JSON format parses and carries failures and levels") {
  const Failure refused{Stage::connect, Reason::refused, "connection refused"};
  std::vector reports{report({reading("liveness", {sample("m", 5)}, refused)})};
  const Ruleset rules{{}, {rule("latency", "m", Aggregator::last, Direction::above, 1, 3)}};
  judge_report(reports[0], rules, kAcme, kNow);
  const auto json = boost::json::parse(probe_json(reports));
  CHECK(json.at("state") == "poor");
  const auto& crm = json.at("crms").at(0);
  CHECK(crm.at("measurements").at(0).at("failure").at("reason") == "refused");
  CHECK(crm.at("levels").at(0).at("level") == "poor");
  CHECK(crm.at("levels").at(0).at("value") == 5.0);
}

TEST_CASE("a reading is told as people say it, never on the other side of its threshold") {
  Ruleset rules{{}, {rule("latency", "m", Aggregator::last, Direction::above, 1, 4)}};
  rules.rules[0].unit = "seconds";
  auto close = report({reading("liveness", {sample("m", 3.9996)})});
  judge_report(close, rules, kAcme, kNow);
  CHECK(close.state == Level::sub_healthy);
  CHECK(close.why == "response time 3.9996 s (sub-healthy from 1 s)");
  const std::string table = probe_table(std::vector{close});
  CHECK_THAT(table, Catch::Contains(" 3.9996 s ") && Catch::Contains("≥ 4 s  sub-healthy\n"));
  rules.rules[0].measure.metric = "crm_last_modified_timestamp_seconds";
  rules.rules[0].aggregator = Aggregator::age;
  rules.rules[0].sub.enter = 1800;
  rules.rules[0].poor.enter = 3600;
  auto idle = report({reading(
      "records", {sample("crm_last_modified_timestamp_seconds", to_seconds(kNow.time_since_epoch()) - 13'200)})});
  judge_report(idle, rules, kAcme, kNow);
  CHECK(idle.why == "no change for 3 h 40 min (poor from 1 h)");
}
