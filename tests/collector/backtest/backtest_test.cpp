#include "collector/backtest/reader.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <sstream>

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;
const TimePoint kStart = parse_time("2026-11-21T09:00:00Z").value();

/// The case table's rule on response time.
Ruleset table() {
  Rule rule;
  rule.id = rule.dimension = "latency";
  rule.measure.metric = "crm_operation_duration_seconds";
  rule.sub = {1.0, 0.9, 60s};
  rule.poor = {3.0, 2.7, 30s};
  rule.recover_sub = 120s;
  rule.recover_poor = 60s;
  rule.no_data_after = 60s;
  rule.interval = 15s;
  Ruleset ruleset;
  ruleset.settings.group_wait_poor = 30s;
  ruleset.rules = {rule};
  return ruleset;
}

/// JSON lines written as the case table writes: 15 s apart.
class Lines {
 public:
  Lines& times(int count, double value) {
    for (int i = 0; i < count; ++i) {
      add(fmt::format(
          R"({{"at":"{}","metric":"crm_operation_duration_seconds","labels":{{"crm":"acme","operation":"read"}},"value":{}}})",
          format_time(at), value));
      at += 15s;
    }
    return *this;
  }
  Lines& nothing(int count) {
    for (int i = 0; i < count; ++i, at += 15s) add(fmt::format(R"({{"at":"{}"}})", format_time(at)));
    return *this;
  }
  /// At the time of the last evaluation.
  Lines& control(std::string_view name) {
    add(fmt::format(R"({{"at":"{}","control":"{}","crm":"acme"}})", format_time(at - 15s), name));
    return *this;
  }
  Lines& gap(Duration time) {
    at += time;
    return *this;
  }
  void add(const std::string& line) { text += line + '\n'; }

  TimePoint at = kStart;
  std::string text;
};

/// Every line short: `90 opened sub_healthy`, `60 = sub_healthy`.
std::vector<std::string> run(const Lines& lines, const std::vector<rules::ReceiverSpec>& receivers = {}) {
  std::istringstream in{lines.text};
  std::ostringstream out;
  run_backtest(table(), receivers, in, out).value();
  std::vector<std::string> result;
  std::istringstream written{out.str()};
  for (std::string line; std::getline(written, line);) {
    const json::object object = json::parse(line).as_object();
    const auto text = [&](const char* key) { return std::string{object.at(key).as_string()}; };
    const auto seconds = (parse_time(text("at")).value() - kStart).count() / 1000;
    CHECK(text("crm") == "acme");
    if (!object.contains("receiver")) {
      result.push_back(fmt::format("{} = {} {}", seconds, text("state"), text("data_status")));
    } else {
      result.push_back(fmt::format("{} {} {}", seconds, text("type").substr(9), text("state")));
    }
  }
  return result;
}

using Output = std::vector<std::string>;

std::string error_of(const std::string& text) {
  std::istringstream in{text};
  std::ostringstream out;
  const auto result = run_backtest(table(), {}, in, out);
  return result.has_error() ? result.error().message : "";
}

}  // namespace

TEST_CASE("a state is told when it is first known") {
  CHECK(run(Lines{}.times(40, 0.2)) == Output{"0 = healthy fresh"});
}

TEST_CASE("up and down, at the deadlines' own times") {
  CHECK(run(Lines{}.times(8, 1.5).times(4, 4).times(9, 0.2)) ==
        Output{"0 = healthy fresh", "60 = sub_healthy fresh", "90 opened sub_healthy", "150 = poor fresh",
               "150 escalated poor", "240 = sub_healthy fresh", "240 improved sub_healthy", "300 = healthy fresh",
               "300 resolved healthy"});
}

TEST_CASE("deadlines between two far lines are met, at the last line too") {
  CHECK(run(Lines{}.times(4, 0.2).gap(10min).nothing(1)) ==
        Output{"0 = healthy fresh", "105 = sub_healthy no_data", "135 opened sub_healthy"});
  CHECK(run(Lines{}.times(4, 0.2).nothing(5)) == Output{"0 = healthy fresh", "105 = sub_healthy no_data"});
}

TEST_CASE("a sample at the very deadline is in time") {
  CHECK(run(Lines{}.times(4, 0.2).nothing(3).times(10, 0.2)) == Output{"0 = healthy fresh"});
}

TEST_CASE("hours come as a control line, and what is wrong with them is said") {
  const std::string at = R"({"at":"2026-11-21T09:00:00Z",)";
  const auto hours = [&](const std::string& rest) {
    return error_of(at + R"("control":"hours","crm":"acme")" + rest + "}");
  };
  CHECK(hours("").empty());
  CHECK(hours(R"(,"days":["mon-fri"],"from":"08:00","to":"18:00","tz":"Asia/Shanghai","holidays":["2026-12-25"])")
            .empty());
  CHECK(hours(R"(,"days":"mon-fri","tz":"Middle/Earth")").starts_with("line 1: unknown time zone 'Middle/Earth'"));
  CHECK(hours(R"(,"days":"weekdays","tz":"UTC")").starts_with("line 1: the hours are not valid"));
  CHECK(hours(R"(,"days":5,"tz":"UTC")") == "line 1: 'days' must be a text or a list of texts");
}

TEST_CASE("hours hold in a backtest, and an age crosses its threshold between two lines") {
  Rule rule;
  rule.id = rule.dimension = "staleness";
  rule.measure.metric = "crm_last_modified_timestamp_seconds";
  rule.aggregator = Aggregator::age;
  rule.active_crm = true;
  rule.sub = {1800, 1800, 0s};
  rule.poor = {3600, 3600, 0s};
  rule.no_data = NoDataState::ignore;
  rule.no_data_after = 2h;
  rule.interval = 5min;
  Ruleset ruleset;
  ruleset.settings.group_wait_sub = 0s;
  ruleset.rules = {rule};
  std::istringstream in{
      R"({"at":"2026-11-20T10:00:00Z","control":"hours","crm":"acme","days":"mon-fri","from":"08:00","to":"18:00","tz":"UTC"}
{"at":"2026-11-20T17:40:00Z","metric":"crm_last_modified_timestamp_seconds","labels":{"crm":"acme"},"value":1795196400}
{"at":"2026-11-23T07:59:00Z","metric":"crm_last_modified_timestamp_seconds","labels":{"crm":"acme"},"value":1795196400}
{"at":"2026-11-23T08:01:00Z","metric":"crm_last_modified_timestamp_seconds","labels":{"crm":"acme"},"value":1795196400}
{"at":"2026-11-23T08:31:00Z"}
)"};
  std::ostringstream out;
  REQUIRE(run_backtest(ruleset, {}, in, out).has_value());
  // 1795196400 is 17:40 on Friday: twenty minutes of that day, ten of the next.
  CHECK(
      out.str().find(
          R"({"at":"2026-11-23T08:10:00Z","crm":"acme","receiver":"default","type":"incident.opened","state":"sub_healthy"})") !=
      std::string::npos);
  CHECK(out.str().find("poor") == std::string::npos);
}

TEST_CASE("control lines do what their names say") {
  CHECK(run(Lines{}.times(1, 0.2).control("maintenance_start").times(6, 4).control("maintenance_end").times(6, 4)) ==
        Output{"0 = healthy fresh", "45 = poor fresh", "150 opened poor"});
  CHECK(run(Lines{}.times(8, 1.5).control("silence_start").times(8, 4).control("silence_end").times(2, 4)) ==
        Output{"0 = healthy fresh", "60 = sub_healthy fresh", "90 opened sub_healthy", "150 = poor fresh",
               "225 escalated poor"});
  CHECK(run(Lines{}.times(6, 4).control("inhibit_start").times(9, 0.2).control("inhibit_end").times(1, 0.2)) ==
        Output{"0 = healthy fresh", "30 = poor fresh", "60 opened poor", "150 = sub_healthy fresh",
               "210 = healthy fresh", "210 resolved healthy"});
  CHECK(run(Lines{}.times(6, 4).control("ack").times(400, 4)) ==
        Output{"0 = healthy fresh", "30 = poor fresh", "60 opened poor"});
}

TEST_CASE("while the collector is down no deadline is met, and its timers go on after") {
  Lines lines;
  lines.times(4, 1.5).gap(2h).control("restart").times(2, 1.5);
  CHECK(run(lines) == Output{"0 = healthy fresh", "7275 = sub_healthy fresh"});
  Lines told;
  told.times(6, 4).gap(10min).control("restart").times(6, 4);
  CHECK(run(told) == Output{"0 = healthy fresh", "30 = poor fresh", "60 opened poor"});
}

TEST_CASE("each receiver from its level on, under its name") {
  rules::ReceiverSpec pager;
  pager.name = "pager";
  pager.min_level = Level::poor;
  CHECK(run(Lines{}.times(8, 1.5), {pager}) == Output{"0 = healthy fresh", "60 = sub_healthy fresh"});
}

TEST_CASE("an earlier line is a late sample, time stays") {
  Lines lines;
  lines.times(4, 0.2);
  lines.add(
      R"({"at":"2026-11-21T08:59:00Z","metric":"crm_operation_duration_seconds","labels":{"crm":"acme"},"value":9})");
  lines.times(2, 0.2);
  CHECK(run(lines) == Output{"0 = healthy fresh"});
}

TEST_CASE("a pause of hours without ticks is a suspended machine, with ticks it is silence") {
  const std::string slow = R"("metric":"crm_operation_duration_seconds","labels":{"crm":"acme"},"value":0.2})";
  Lines suspended;
  suspended.times(4, 0.2);
  suspended.add(R"({"at":"2026-11-21T11:00:00Z",)" + slow);
  CHECK(run(suspended) == Output{"0 = healthy fresh"});
  Lines watched;
  watched.times(4, 0.2);
  watched.add(R"({"at":"2026-11-21T09:30:00Z"})");
  watched.add(R"({"at":"2026-11-21T10:00:00Z"})");
  CHECK(run(watched).size() > 1);
}

TEST_CASE("the lines are exactly those of the interface") {
  std::istringstream in{Lines{}.times(7, 1.5).text};
  std::ostringstream out;
  run_backtest(table(), {}, in, out).value();
  CHECK(
      out.str() ==
      R"({"at":"2026-11-21T09:00:00Z","crm":"acme","state":"healthy","data_status":"fresh","levels":{"latency":0}})"
      "\n"
      R"({"at":"2026-11-21T09:01:00Z","crm":"acme","state":"sub_healthy","data_status":"fresh","levels":{"latency":1}})"
      "\n"
      R"({"at":"2026-11-21T09:01:30Z","crm":"acme","receiver":"default","type":"incident.opened","state":"sub_healthy"})"
      "\n");
}

TEST_CASE("a line that is wrong is named by its number") {
  const std::string good = Lines{}.times(1, 1).text + "\n";
  CHECK(error_of(good + "{").starts_with("line 3: not JSON"));
  CHECK(error_of(good + "[]") == "line 3: not a JSON object");
  CHECK(error_of(R"({"metric":"m"})").starts_with("line 1: 'at'"));
  CHECK(error_of(R"({"at":"yesterday"})").starts_with("line 1: 'yesterday'"));
  const std::string at = R"({"at":"2026-11-21T09:00:00Z",)";
  CHECK(error_of(at + R"("metrik":"m"})").starts_with("line 1: neither"));
  CHECK(error_of(at + R"("metric":5,"labels":{},"value":1})").starts_with("line 1: 'metric'"));
  CHECK(error_of(at + R"("metric":"m","value":1})").starts_with("line 1: 'labels'"));
  CHECK(error_of(at + R"("metric":"m","labels":{"crm":1},"value":1})").starts_with("line 1: 'labels.crm'"));
  CHECK(error_of(at + R"("metric":"m","labels":{},"value":"1"})").starts_with("line 1: 'value'"));
  CHECK(error_of(at + R"("control":"explode","crm":"acme"})").starts_with("line 1: 'explode'"));
  CHECK(error_of(at + R"("control":"ack"})").starts_with("line 1: 'crm'"));
  CHECK(error_of(at + R"("control":"ack","crm":"a","until":"soon"})").starts_with("line 1: 'soon'"));
  CHECK(error_of(at + R"("control":"ack","metric":"m"})").starts_with("line 1: a line is"));
  CHECK(error_of(at + R"("metric":"m","labels":{},"value":"NaN"})").empty());
}

TEST_CASE("samples may come from elsewhere than text") {
  int left = 7;
  TimePoint at = kStart;
  std::ostringstream out;
  const auto source = [&]() -> Result<std::optional<BacktestLine>> {
    if (left-- == 0) return std::optional<BacktestLine>{};
    BacktestLine line;
    line.at = at;
    line.sample = Sample{"crm_operation_duration_seconds", {{"crm", "acme"}}, 1.5, at};
    at += 15s;
    return std::optional{line};
  };
  run_backtest(table(), {}, source, out).value();
  CHECK(out.str().find("incident.opened") != std::string::npos);
  const auto broken = [&]() -> Result<std::optional<BacktestLine>> { return Error{"the journal is gone"}; };
  CHECK(run_backtest(table(), {}, broken, out).error().message == "the journal is gone");
}
