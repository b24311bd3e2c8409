// How long rehearsing a rule takes: 30 days of one CRM with 45 series every 30 s (what an agent sends of a CRM: seven
// operations with their phases, liveness, objects, an allowance), in blocks as the collector makes them, judged by the
// shipped rules with one of them changed and beside that unchanged. It is slow for half an hour a day. Prints wall and
// CPU seconds of each run.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <random>

#include "collector/backtest/rehearsal.h"
#include "collector/backtest/rule_change.h"
#include "collector/history/builder.h"
#include "store/history/history.h"
#include "wire/remote_write.h"

namespace {

using namespace crmpulse;
using collector::HistoryBuilder;

constexpr Duration kInterval{std::chrono::seconds{30}};
constexpr int kRoundsOfHour = 120;

struct Plan {
  int days = 30;
  int runs = 5;
  std::string rules = "config/rules/default.yaml";
};

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

class Crm {
 public:
  std::vector<Sample> measure(TimePoint at) {
    out_.clear();
    add(at, "crm_up", 1, {});
    const bool slow = unix_millis(at) / 1'800'000 % 48 == 30;
    for (const std::string_view operation : {"login", "read", "query", "search", "create", "update", "delete"}) {
      const double seconds = seconds_(random_) * (slow ? 8 : 1);
      add(at, "crm_operation_duration_seconds", std::round(seconds * 1e3) / 1e3,
          {{"operation", std::string{operation}}});
      add(at, "crm_operation_success", random_() % 2000 == 0 ? 0 : 1, {{"operation", std::string{operation}}});
      for (const std::string_view phase : {"connect", "first_byte", "transfer"}) {
        add(at, "crm_operation_phase_seconds", std::round(seconds * 333) / 1e3,
            {{"operation", std::string{operation}}, {"phase", std::string{phase}}});
      }
    }
    for (const std::string_view object : {"party", "lead", "invoice"}) {
      add(at, "crm_records", 40'000 + static_cast<double>(unix_millis(at) % 1000), {{"object", std::string{object}}});
      add(at, "crm_last_modified_timestamp_seconds", static_cast<double>(unix_millis(at) / 1000 - 40),
          {{"object", std::string{object}}});
    }
    add(at, "crm_api_used", static_cast<double>(unix_millis(at) / 30'000 % 2880) * 12, {{"allowance", "daily"}});
    add(at, "crm_agent_calls_total", static_cast<double>(unix_millis(at) / 30'000), {});
    return out_;
  }

 private:
  void add(TimePoint at, std::string metric, double value, Labels labels) {
    labels.set("crm", "acme");
    labels.set("kind", "tryton");
    labels.set("agent", "branch-1");
    out_.push_back({std::move(metric), std::move(labels), value, at});
  }

  std::vector<Sample> out_;
  std::mt19937_64 random_{7};
  std::lognormal_distribution<double> seconds_{-1.5, 0.4};
};

TimePoint fill(const std::string& folder, TimePoint start, int days) {
  store::Writer writer{store::open_collector(folder).value()};
  HistoryBuilder builder{store::open_collector_reader(folder).value(), writer};
  builder.begin().value();
  Crm crm;
  TimePoint now = start;
  for (int hour = 0; hour < days * 24; ++hour) {
    writer
        .run([&](store::Database& database) -> Result<void> {
          for (int round = 0; round < kRoundsOfHour; ++round, now += kInterval) {
            store::JournalRecord record;
            record.received = now;
            record.body = wire::encode(crm.measure(now));
            if (const auto seq = store::append(database, record); !seq) return seq.error();
          }
          return {};
        })
        .value();
    while (builder.build(now + std::chrono::hours{1}).value()) {
    }
    while (builder.merge(now).value()) {
    }
  }
  writer.run([](store::Database& database) { return database.execute("DELETE FROM journal"); }).value();
  return now;
}

void measure(const Plan& plan, const std::string& folder) {
  const TimePoint start = store::part_of(from_unix_millis(1'795'000'000'000));
  const TimePoint end = fill(folder, start, plan.days);
  auto configuration = std::make_shared<collector::Configuration>();
  configuration->ruleset = config::load_rules({plan.rules}).value();
  const Rule* rule = collector::rule_of(configuration->ruleset, "latency", Labels{{"crm", "acme"}, {"kind", "tryton"}});
  if (rule == nullptr) throw std::runtime_error("the rules have no latency");
  const Rule changed = collector::changed_rule(*rule, {2, 6, {}}).value();
  store::Database database = store::open_collector_reader(folder).value();
  for (int run = 0; run < plan.runs; ++run) {
    const double cpu = cpu_seconds();
    const auto begin = std::chrono::steady_clock::now();
    const collector::Rehearsal done =
        collector::rehearse(database, {configuration, changed, "acme", start, end}, [] { return false; }).value();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
    fmt::print("{:.2f} s, CPU {:.2f} s; {} samples judged twice; incidents {} before, {} after{}\n", wall.count(),
               cpu_seconds() - cpu, done.samples, done.before.count, done.after.count,
               done.truncated ? "; truncated" : "");
  }
}

}  // namespace

int main(int argc, char** argv) {
  Plan plan;
  CLI::App app{"How long rehearsing a rule takes"};
  app.add_option("--days", plan.days, "of one CRM with 45 series every 30 s")->capture_default_str();
  app.add_option("--runs", plan.runs)->capture_default_str();
  app.add_option("--rules", plan.rules)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const std::string folder =
      std::filesystem::temp_directory_path() / fmt::format("crmpulse-bench-rehearse.{}", getpid());
  std::filesystem::create_directories(folder);
  measure(plan, folder);
  std::filesystem::remove_all(folder);
  return 0;
}
