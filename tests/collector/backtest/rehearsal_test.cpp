// A changed rule over the stored samples of one CRM gives what `backtest` gives on the same samples.

#include "collector/backtest/rehearsal.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>

#include "collector/backtest/backtest.h"
#include "collector/backtest/rehearsals.h"
#include "collector/backtest/rule_change.h"
#include "collector/backtest/stored_samples.h"
#include "collector/history/builder.h"
#include "store/history/history.h"
#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

const TimePoint kStart = store::part_of(from_unix_millis(1'795'000'000'000));
constexpr Duration kEvery = 30s;
constexpr int kRounds = 1'600;  // 13 h 20 min: three parts

const char* const kRules = R"(
settings:
  group_wait: {sub_healthy: 30s, poor: 0s}
rules:
  - id: latency
    dimension: latency
    measure: {metric: crm_operation_duration_seconds}
    op: above
    aggregator: avg
    window: 5m
    sub: {enter: 1, exit: 0.9, for: 2m}
    poor: {enter: 3, exit: 2.7, for: 1m}
    recover_for: {sub: 3m, poor: 2m}
    no_data: {after: 10m, state: sub_healthy}
    remedy: slow_response
    unit: seconds
  - id: success
    dimension: transactions
    measure: {metric: crm_operation_success, where: {operation: [create]}}
    op: below
    aggregator: ratio
    window: 10m
    sub: {enter: 0.9, for: 1m}
    poor: {enter: 0.5, for: 1m}
    no_data: {state: ignore}
    remedy: slow_response
    unit: ratio
)";

/// Slow from time to time, now a little, now much; once it says nothing for forty minutes while its agent is there.
double latency_of(int round) {
  const int phase = round % 200;
  if (phase >= 150 && phase < 190) return round / 200 % 2 == 0 ? 1.5 : 4;
  return 0.2 + 0.001 * (round % 7);
}

bool is_silent(int round) {
  return round >= 700 && round < 780;
}

/// A store that an agent filled: two CRMs, and what the agent says of itself.
class Filled {
 public:
  /// The first `in_blocks` rounds are in blocks, and in the journal no more.
  explicit Filled(int in_blocks = 0) : writer_(open(directory_.path("state"))) {
    directory_.write("rules.yaml", kRules);
    append_rounds(0, in_blocks);
    if (in_blocks > 0) build();
    append_rounds(in_blocks, kRounds);
  }

  void build() {
    HistoryBuilder builder{reader(), *writer_, {}};
    while (builder.build(kStart + 48h).value()) {
    }
    in_store([](store::Database& database) { return database.execute("DELETE FROM journal"); });
  }
  void append_rounds(int from, int to) {
    in_store([&](store::Database& database) -> Result<void> {
      for (int round = from; round < to; ++round) {
        store::JournalRecord record;
        record.received = kStart + round * kEvery;
        record.body = wire::encode(samples_of(round));
        if (const auto seq = store::append(database, record); !seq) return seq.error();
      }
      return {};
    });
  }
  [[nodiscard]] store::Database reader() const {
    return store::open_collector_reader(directory_.path("state")).value();
  }
  [[nodiscard]] std::string state_dir() const { return directory_.path("state"); }

  [[nodiscard]] std::shared_ptr<const Configuration> configuration(const std::string& more_rules = "") const {
    std::vector<std::string> files{directory_.path("rules.yaml")};
    if (!more_rules.empty()) files.push_back(directory_.write("more.yaml", more_rules));
    auto configuration = std::make_shared<Configuration>();
    configuration->ruleset = config::load_rules(files).value();
    return configuration;
  }

  static std::vector<Sample> samples_of(int round) {
    const TimePoint at = kStart + round * kEvery;
    const Labels agent{{"agent", "a1"}, {"kind", "tryton"}};
    std::vector<Sample> out;
    for (const std::string crm : {"acme", "beta"}) {
      if (is_silent(round) && crm == "acme") continue;
      const double seconds = crm == "acme" ? latency_of(round) : 0.1;
      for (const char* operation : {"read", "create"}) {
        Labels labels = agent;
        labels.set("operation", operation);
        out.push_back(sample("crm_operation_duration_seconds", crm, seconds, at, labels));
        out.push_back(sample("crm_operation_success", crm, round % 300 > 280 ? 0 : 1, at, labels));
        labels.set("phase", "connect");
        out.push_back(sample("crm_operation_phase_seconds", crm, seconds / 3, at, labels));
      }
      out.push_back(sample("crm_up", crm, 1, at, agent));
    }
    Sample heartbeat;
    heartbeat.metric = "crm_agent_heartbeat_timestamp_seconds";
    heartbeat.labels = Labels{{"agent", "a1"}};
    heartbeat.value = static_cast<double>(unix_millis(at)) / 1000;
    heartbeat.at = at;
    out.push_back(heartbeat);
    return out;
  }

 private:
  static std::unique_ptr<store::Writer> open(const std::string& folder) {
    std::filesystem::create_directories(folder);
    return std::make_unique<store::Writer>(store::open_collector(folder).value());
  }
  void in_store(const store::Writer::Job& job) { writer_->run(job).value(); }

  TempDir directory_;
  std::unique_ptr<store::Writer> writer_;
};

RehearsedSide backtested(const Filled& filled, const Ruleset& ruleset) {
  store::Database database = filled.reader();
  StoredSamples samples{database, kStart, kStart + kRounds * kEvery};
  std::ostringstream out;
  const auto outcome =
      run_backtest(ruleset, {}, [&samples] { return samples.next(); }, BacktestOutput{&out, nullptr, nullptr}).value();
  RehearsedSide side;
  Level level = Level::healthy;
  TimePoint since;
  const auto moved = [&](TimePoint at, Level next) {
    if (level != Level::healthy) (level == Level::poor ? side.poor : side.sub_healthy) += at - since;
    level = next;
    since = at;
  };
  std::optional<RehearsedIncident> open;
  std::istringstream lines{out.str()};
  for (std::string line; std::getline(lines, line);) {
    const json::object said = json::parse(line).as_object();
    if (said.at("crm").as_string() != "acme") continue;
    const TimePoint at = parse_time(std::string_view{said.at("at").as_string()}).value();
    const std::string state{said.at("state").as_string()};
    const Level next = state == "poor" ? Level::poor : state == "sub_healthy" ? Level::sub_healthy : Level::healthy;
    if (said.contains("levels")) {
      moved(at, next);
      if (next != Level::healthy && !open) open = RehearsedIncident{at, std::nullopt, next};
      if (open) open->worst = std::max(open->worst, next);
    } else if (said.at("type").as_string() == "incident.resolved") {
      open->resolved = at;
      side.incidents.push_back(*open);
      open.reset();
    }
  }
  moved(outcome.to, Level::healthy);
  if (open) side.incidents.push_back(*open);
  side.count = side.incidents.size();
  return side;
}

std::string text_of(const RehearsedSide& side) {
  std::string out = fmt::format("{} sub-healthy {} poor {}\n", side.count, format_duration(side.sub_healthy),
                                format_duration(side.poor));
  for (const RehearsedIncident& one : side.incidents)
    out += fmt::format("{} {} {}\n", format_time(one.opened), one.resolved ? format_time(*one.resolved) : "open",
                       to_string(one.worst));
  return out;
}

const Rule& latency_rule(const Configuration& configuration) {
  return *rule_of(configuration.ruleset, "latency", Labels{{"crm", "acme"}});
}

RehearsalPlan plan_of(std::shared_ptr<const Configuration> configuration, const RuleChange& change) {
  const Rule changed = changed_rule(latency_rule(*configuration), change).value();
  return {std::move(configuration), changed, "acme", kStart, kStart + kRounds * kEvery};
}

bool never() {
  return false;
}

net::ClientResponse ask(const RunningCollector& running, const std::string& body) {
  return send({"POST", running.base() + "/api/v1/rules/rehearse", {{"Content-Type", "application/json"}}, body});
}

}  // namespace

TEST_CASE("a rehearsal finds what backtest finds on the same samples, wherever they are stored") {
  const int in_blocks = GENERATE(0, 1'100, kRounds);
  INFO(in_blocks << " of " << kRounds << " rounds are in blocks");
  const Filled filled{in_blocks};
  const auto configuration = filled.configuration();
  const RuleChange change{2, 6, 5min};
  const Rule changed = changed_rule(latency_rule(*configuration), change).value();
  const std::string yaml = change_yaml(latency_rule(*configuration), changed, "acme");
  store::Database database = filled.reader();
  const Rehearsal found = rehearse(database, plan_of(configuration, change), never).value();

  CHECK_FALSE(found.truncated);
  CHECK(found.from == kStart);
  CHECK(found.to == kStart + (kRounds - 1) * kEvery);
  CHECK(found.before.incidents.size() >= 5);
  CHECK(text_of(found.before) != text_of(found.after));
  CHECK(text_of(found.before) == text_of(backtested(filled, configuration->ruleset)));
  CHECK(text_of(found.after) == text_of(backtested(filled, filled.configuration(yaml)->ruleset)));
}

TEST_CASE("a rehearsal stops at its bounds and says so, and ends when nobody waits for it") {
  const Filled filled;
  store::Database database = filled.reader();
  const RehearsalPlan plan = plan_of(filled.configuration(), {2, 6, {}});
  const Rehearsal cut = rehearse(database, plan, never, {1'000, 1h}).value();
  CHECK(cut.truncated);
  CHECK(cut.to < kStart + (kRounds - 1) * kEvery);
  CHECK(rehearse(database, plan, never, {1'000'000, 0ms}).value().truncated);
  CHECK(rehearse(database, plan, [] { return true; }).has_error());
}

TEST_CASE("one rehearsal runs at a time, and none after the stop") {
  const Filled filled;
  LoopThread thread;
  thread.begin();
  std::unique_ptr<Rehearsals> rehearsals;
  std::atomic<int> done = 0;
  std::atomic<int> failed = 0;
  const auto count = [&](const Result<Rehearsal>& outcome) { ++(outcome ? done : failed); };
  const RehearsalPlan plan = plan_of(filled.configuration(), {2, 6, {}});
  const auto task = [&](const std::function<void()>& what) { thread.run(what); };
  task([&] {
    rehearsals = Rehearsals::start(thread.loop(), filled.state_dir()).value();
    CHECK(rehearsals->ask(plan, nullptr, count));
    CHECK_FALSE(rehearsals->ask(plan, nullptr, count));
  });
  REQUIRE(eventually([&] { return done == 1; }));
  task([&] {
    CHECK(rehearsals->ask(plan, nullptr, count));
    rehearsals->stop();
    CHECK_FALSE(rehearsals->ask(plan, nullptr, count));
  });
  REQUIRE(eventually([&] { return done + failed == 2; }));
  task([&] { rehearsals.reset(); });
}

TEST_CASE("the lines to copy make the rehearsed rule, for this CRM alone") {
  const Filled filled;
  const auto configuration = filled.configuration();
  const Rule& rule = latency_rule(*configuration);
  const RuleChange change = GENERATE(RuleChange{2, 6, {}}, RuleChange{{}, {}, 7min}, RuleChange{0.5, {}, 0s});
  const Rule changed = changed_rule(rule, change).value();
  const Ruleset loaded = filled.configuration(change_yaml(rule, changed, "acme"))->ruleset;
  const Rule* of_acme = rule_of(loaded, "latency", Labels{{"crm", "acme"}});
  REQUIRE(of_acme != nullptr);
  CHECK(of_acme->sub == changed.sub);
  CHECK(of_acme->poor == changed.poor);
  CHECK(of_acme->recover_sub == rule.recover_sub);
  CHECK(rule_of(loaded, "latency", Labels{{"crm", "beta"}})->sub == rule.sub);
  CHECK(changed_rule(rule, {2, 6, {}}).value().sub.exit == 1.8);
}

TEST_CASE("thresholds in the wrong order are refused with the field that is wrong") {
  const Filled filled;
  const auto configuration = filled.configuration();
  const auto fault = changed_rule(latency_rule(*configuration), {4, {}, {}});
  REQUIRE(fault.has_error());
  CHECK(fault.error().field == "sub_healthy");
  CHECK(fault.error().message == "sub_healthy (4) must be below poor (3): it comes first");
}

TEST_CASE("the route answers with both sides and the lines to copy, and says what is wrong with a request") {
  const RunningCollector running;
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually([&] { return running.state_of("acme") == "poor"; }));
  const auto answer = [&] {
    return ask(running, R"({"crm": "acme", "rule": "latency", "sub_healthy": 20, "poor": 60, "days": 7})");
  };
  const net::ClientResponse said = answer();
  REQUIRE(said.status == 200);
  const json::object found = json::parse(said.body).as_object();
  CHECK(found.at("before").at("incidents").as_array().size() == 1);
  CHECK(found.at("before").at("incidents").at(0).at("worst").as_string() == "poor");
  CHECK(found.at("before").at("incidents").at(0).at("resolved_at").is_null());
  CHECK(found.at("after").at("incidents").as_array().empty());
  CHECK(found.at("yaml").as_string() ==
        "rules:\n  - id: latency\n    applies_to: {crm: [\"acme\"]}\n    sub: {enter: 20, exit: 18}\n"
        "    poor: {enter: 60, exit: 54}\n");
  CHECK_FALSE(found.at("truncated").as_bool());

  CHECK(ask(running, R"({"crm": "nobody", "rule": "latency"})").status == 404);
  const net::ClientResponse misspelt = ask(running, R"({"crm": "acme", "rule": "latenzy"})");
  CHECK(misspelt.status == 404);
  CHECK_THAT(misspelt.body, Catch::Contains("no rule 'latenzy' judges this CRM") && Catch::Contains("latency"));
  for (const char* wrong :
       {R"({"rule": "latency"})", R"({"crm": "acme", "rule": "latency", "days": 8})",
        R"({"crm": "acme", "rule": "latency", "for": "soon"})", R"({"crm": "acme", "rule": "latency", "poor": "3"})",
        R"({"crm": "acme", "rule": "latency", "sub_healthy": 9})", R"({"crm": "acme", "rule": "latency", "x": 1})"}) {
    INFO(wrong);
    CHECK(ask(running, wrong).status == 400);
  }
}
