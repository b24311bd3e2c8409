#include "collector/backtest/summary.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "collector/backtest/reader.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart = parse_time("2026-11-20T09:50:00Z").value();  // a Friday

Ruleset two_rules() {
  Rule rule;
  rule.id = rule.dimension = "latency";
  rule.measure.metric = "slow";
  rule.sub = {1, 0.9, 0s};
  rule.poor = {3, 2.7, 0s};
  rule.no_data_after = 1h;
  rule.no_data = NoDataState::ignore;
  rule.interval = 60s;
  Rule other = rule;
  other.id = other.dimension = "availability";
  other.measure.metric = "down";
  Ruleset ruleset;
  ruleset.settings.group_wait_sub = ruleset.settings.group_wait_poor = 0s;
  ruleset.settings.settle = 0s;
  ruleset.settings.score_sub = ruleset.settings.score_poor = 0;  // what is counted here is the rule's doing
  ruleset.settings.flap_changes = 100;
  ruleset.rules = {rule, other};
  return ruleset;
}

/// One value a minute of two CRMs: `slow` of acme as given, everything else good.
std::string minutes(const std::vector<double>& slow) {
  std::string text;
  TimePoint at = kStart;
  for (const double value : slow) {
    for (const char* crm : {"acme", "calm"}) {
      for (const char* metric : {"slow", "down"}) {
        const bool bad = crm == std::string_view{"acme"} && metric == std::string_view{"slow"};
        text += fmt::format(R"({{"at":"{}","metric":"{}","labels":{{"crm":"{}"}},"value":{}}})", format_time(at),
                            metric, crm, bad ? value : 0.1) +
                "\n";
      }
    }
    at += 1min;
  }
  return text;
}

std::vector<double> times(std::initializer_list<std::pair<int, double>> parts) {
  std::vector<double> values;
  for (const auto& [count, value] : parts) values.insert(values.end(), static_cast<std::size_t>(count), value);
  return values;
}

struct Ran {
  boost::json::object json;
  std::string text;
  BacktestOutcome outcome;
};

Ran run(const std::string& lines, Zone zone = {}) {
  BacktestSummary summary{std::make_shared<const Zone>(std::move(zone)), [](const rules::Message& message) {
                            return Bilingual{message.crm + " is " + std::string{to_string(message.state)}, "中文"};
                          }};
  std::istringstream in{lines};
  JsonBatches batches{in};
  const BacktestBatches source = [&batches] { return batches.next(); };
  auto done = run_backtest(two_rules(), {}, source, BacktestOutput{nullptr, &summary});
  return {summary.json().at("summary").as_object(), summary.text(), done.value()};
}

const auto kDay = times({{5, 0.1}, {10, 2}, {5, 5}, {10, 0.1}, {3, 2}, {7, 0.1}, {1, 5}, {20, 0.1}, {4, 5}});

double number(const boost::json::value& value) {
  return value.to_number<double>();
}

}  // namespace

TEST_CASE("the summary says how often, how long and what was longest, of CRMs and of rules") {
  const Ran ran = run(minutes(kDay));
  const auto& states = ran.json.at("states");
  CHECK(number(states.at("sub_healthy").at("times")) == 2);
  CHECK(number(states.at("sub_healthy").at("seconds")) == 13 * 60);
  CHECK(number(states.at("sub_healthy").at("longest_seconds")) == 10 * 60);
  CHECK(number(states.at("poor").at("times")) == 3);
  CHECK(number(states.at("poor").at("seconds")) == (5 + 1 + 3) * 60);  // the last one lasts to the end
  CHECK(states.at("poor").at("longest_of").as_string() == "acme");
  CHECK(number(ran.json.at("crms")) == 2);
  CHECK(number(ran.json.at("crms_not_healthy")) == 1);
  CHECK(ran.json.at("worst_crms").as_array().size() == 1);
  CHECK(ran.json.at("worst_crms").at(0).at("crm").as_string() == "acme");
  const auto& rules = ran.json.at("rules").as_array();
  REQUIRE(rules.size() == 2);
  CHECK(rules[0].at("rule").as_string() == "availability");
  CHECK(number(rules[0].at("crms")) == 0);
  CHECK(rules[1].at("rule").as_string() == "latency");
  CHECK(number(rules[1].at("crms")) == 1);
  CHECK(number(rules[1].at("poor").at("times")) == 3);
  CHECK(number(rules[1].at("sub_healthy").at("seconds")) == 13 * 60);
  CHECK(ran.outcome.worst == Level::poor);
  CHECK(ran.outcome.samples == kDay.size() * 4);
}

TEST_CASE("hours are those of the zone, and spans are split at them") {
  const Ran utc = run(minutes(kDay));
  const auto& row = utc.json.at("minutes_by_hour").at("fri");
  CHECK(number(row.at(9)) == 5);  // 09:55 to 10:00
  CHECK(number(row.at(10)) == 5 + 5 + 3 + 1 + 3);
  CHECK(number(row.at(11)) == 0);
  CHECK(utc.json.at("minutes_by_hour").as_object().size() == 1);
  Zone zone;
  zone.name = "Asia/Shanghai";
  zone.transitions = {{TimePoint{}, 8h}};
  const Ran there = run(minutes(kDay), zone);
  CHECK(number(there.json.at("minutes_by_hour").at("fri").at(17)) == 5);
  CHECK(number(there.json.at("minutes_by_hour").at("fri").at(18)) == 17);
}

TEST_CASE("messages are counted by receiver and type, and the first ones are read in both languages") {
  const Ran ran = run(minutes(kDay));
  const auto& messages = ran.json.at("messages").at("default").as_object();
  std::uint64_t all = 0;
  for (const auto& [type, count] : messages) all += count.to_number<std::uint64_t>();
  CHECK(all == ran.outcome.messages);
  CHECK(number(messages.at("incident.opened")) == 4);
  const auto& first = ran.json.at("first_messages").at(0);
  CHECK(first.at("type").as_string() == "incident.opened");
  CHECK(first.at("at").as_string() == "2026-11-20T09:55:00Z");
  CHECK(first.at("en").as_string() == "acme is sub_healthy");
  CHECK(first.at("zh").as_string() == "中文");
}

TEST_CASE("the text says what the JSON says") {
  const Ran ran = run(minutes(kDay));
  INFO(ran.text);
  const auto has = [&](std::string_view part) { return ran.text.find(part) != std::string::npos; };
  CHECK(has("samples: 260; CRMs: 2, not healthy at some time: 1"));
  CHECK(has("states: sub-healthy 2×, 13 min in all, longest 10 min; poor 3×, 9 min in all, longest 5 min"));
  CHECK(has("  availability: always healthy\n"));
  CHECK(has("    fri .........-#"));
  CHECK(has("default: incident.opened 4×"));
  CHECK(has("acme is sub_healthy"));
}

TEST_CASE("of nothing bad there is nothing to tell") {
  const Ran ran = run(minutes(times({{30, 0.1}})));
  CHECK(ran.outcome.worst == Level::healthy);
  CHECK(ran.outcome.messages == 0);
  CHECK(ran.json.at("minutes_by_hour").as_object().empty());
  CHECK(ran.json.at("first_messages").as_array().empty());
  CHECK(ran.text.find("not healthy at some time: 0") != std::string::npos);
  const Ran nothing = run("");
  CHECK(number(nothing.json.at("samples")) == 0);
}
