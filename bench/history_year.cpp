// A year of history of some CRMs, made at the speed of a backtest: readings every 30 s go into blocks part by part, are
// summed up and pruned by age by the collector's own code on a simulated clock; states change some times a day. Then
// charts are timed, and the bytes of the store printed by kind. --folder keeps the store.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <random>

#include "collector/history/days.h"
#include "collector/history/query.h"
#include "collector/history/roller.h"
#include "store/collector/collector_store.h"
#include "store/history/kept_sizes.h"
#include "store/history/states.h"

namespace {

using namespace crmpulse;

constexpr Duration kDay{std::chrono::hours{24}};
constexpr int kTimes = 9;  ///< each chart is asked so often

struct YearPlan {
  int crms = 10;
  int days = 400;
  int interval = 30;  ///< seconds
  int samples = 30;   ///< days
  int minutes = 90;   ///< days
  std::string folder;
};

double since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
}

std::string series_name(const std::string& metric, const std::string& label, const std::string& value) {
  std::string name = metric + "\xff" + "agent" + "\xff" + "branch-1" + "\xff" + "kind" + "\xff" + "tryton";
  if (!label.empty()) name += "\xff" + label + "\xff" + value;
  return name;
}

/// One CRM: liveness, seven operations with success and three phases each, records and newest change of three objects.
class YearOfCrm {
 public:
  YearOfCrm(int number, std::uint64_t seed) : name_(fmt::format("customer-{:04}", number)), random_(seed) {}
  [[nodiscard]] const std::string& name() const { return name_; }

  store::HistoryBlock part(TimePoint part, Duration interval) {
    std::vector<store::HistorySeries> series;
    const auto add = [&](const std::string& name, const auto& value) {
      store::HistorySeries& one = series.emplace_back(store::HistorySeries{name, {}});
      for (TimePoint at = part; at < part + store::kHistoryPart; at += interval)
        one.readings.push_back({unix_millis(at), value()});
    };
    add(series_name("crm_up", "", ""), [] { return 1.0; });
    for (const std::string operation : {"login", "read", "query", "search", "create", "update", "delete"}) {
      const auto seconds = [&] { return std::round(seconds_(random_) * 1000) / 1000; };
      add(series_name("crm_operation_duration_seconds", "operation", operation), seconds);
      for (const std::string phase : {"connect", "first_byte", "transfer"})
        add(series_name("crm_operation_phase_seconds", "operation", operation) + "\xff" + "phase" + "\xff" + phase,
            seconds);
      add(series_name("crm_operation_success", "operation", operation),
          [&] { return random_() % 500 == 0 ? 0.0 : 1.0; });
    }
    for (const std::string object : {"party", "lead", "invoice"}) {
      add(series_name("crm_records", "object", object), [&] { return records_ += static_cast<double>(random_() % 2); });
      add(series_name("crm_last_modified_timestamp_seconds", "object", object),
          [&] { return newest_ += static_cast<double>(random_() % 60); });
    }
    std::sort(series.begin(), series.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    std::int64_t readings = 0;
    for (const store::HistorySeries& one : series) readings += static_cast<std::int64_t>(one.readings.size());
    return {part, name_, readings, store::encode_block(series)};
  }
  store::StateChange change(TimePoint day) {
    const TimePoint at = day + Duration{static_cast<std::int64_t>(random_() % 86'400'000)};
    return {at, name_, static_cast<Level>(random_() % 3), DataStatus::fresh, 80, random_() % 20 == 0};
  }

 private:
  std::string name_;
  std::mt19937_64 random_;
  std::lognormal_distribution<double> seconds_{-1.5, 0.4};
  double records_ = 40'000;
  double newest_ = 1'760'000'000;
};

class Year {
 public:
  explicit Year(const YearPlan& plan)
      : plan_(plan),
        writer_(store::open_collector(plan.folder).value()),
        roller_(store::open_collector_reader(plan.folder).value(), writer_),
        reader_(store::open_collector_reader(plan.folder).value()),
        end_(store::span_begin(store::Tier::hours, std::chrono::floor<Duration>(std::chrono::system_clock::now()))) {}

  void make() {
    std::vector<YearOfCrm> crms;
    for (int i = 0; i < plan_.crms; ++i) crms.emplace_back(i, static_cast<std::uint64_t>(i));
    const auto begun = std::chrono::steady_clock::now();
    for (TimePoint day = end_ - plan_.days * kDay; day < end_; day += kDay) {
      for (YearOfCrm& crm : crms) add_day(crm, day);
      const TimePoint now = day + kDay + std::chrono::hours{2};
      while (roller_.roll(now).value()) {
      }
      roller_.prune({now - plan_.samples * kDay, now - plan_.minutes * kDay, now - plan_.days * kDay, 0}).value();
    }
    fmt::print("made in {:.0f} s\n", since(begun) / 1000);
  }
  void measure() {
    fmt::print("\n{:44} {:>8} {:>8} {:>8} {:>8}\n", "asked", "source", "points", "median", "worst ms");
    for (const int days : {1, 7, 30, 90, 400}) {
      chart("latency", days, {{"crm_operation_duration_seconds", {}}});
      chart("phases", days, {{"crm_operation_phase_seconds", {}}});
    }
    for (const int days : {90, 400}) day_table(days);
  }
  void print_sizes() {
    std::int64_t all = 0;
    fmt::print("\n{:12} {:>14} {:>18}  {}\n", "kind", "bytes", "bytes a CRM", "oldest");
    for (const store::KeptSize& size : store::kept_sizes(reader_).value()) {
      all += size.bytes;
      fmt::print("{:12} {:14} {:18}  {}\n", size.kind, size.bytes, size.bytes / plan_.crms,
                 size.oldest ? format_time(*size.oldest) : "");
    }
    fmt::print("{:12} {:14} {:18}  (in use in the file: {})\n", "all", all, all / plan_.crms,
               store::used_bytes(reader_).value());
  }

 private:
  void add_day(YearOfCrm& crm, TimePoint day) {
    std::vector<store::HistoryBlock> blocks;
    for (TimePoint part = day; part < day + kDay; part += store::kHistoryPart)
      blocks.push_back(crm.part(part, std::chrono::seconds{plan_.interval}));
    std::vector<store::StateChange> changes;
    for (int i = 0; i < 4; ++i) changes.push_back(crm.change(day));
    writer_
        .run([&](store::Database& database) -> Result<void> {
          if (auto done = store::add_blocks(database, blocks); !done) return done;
          for (const store::StateChange& change : changes) {
            if (auto done = store::save_state_change(database, change); !done) return done;
          }
          return store::finish_blocks(database, 0);
        })
        .value();
  }
  template <class Ask>
  void timed(const std::string& what, const Ask& ask) {
    std::vector<double> times;
    std::string about;
    for (int i = 0; i < kTimes; ++i) {
      const auto begun = std::chrono::steady_clock::now();
      about = ask(fmt::format("customer-{:04}", i % plan_.crms));
      times.push_back(since(begun));
    }
    std::sort(times.begin(), times.end());
    fmt::print("{:44} {} {:8.1f} {:8.1f}\n", what, about, times[kTimes / 2], times.back());
  }
  void chart(const std::string& what, int days, const std::vector<collector::SeriesChoice>& choices) {
    timed(fmt::format("chart of {} over {} d", what, days), [&](const std::string& crm) {
      const auto answer = collector::read_history(reader_, {crm, choices, end_ - days * kDay, end_, Duration{}, 501});
      std::size_t points = 0;
      for (const collector::HistoryLine& line : answer.value().lines) points += line.points.size();
      return fmt::format("{:>8} {:8}", collector::to_string(answer.value().source), points);
    });
  }
  void day_table(int days) {
    timed(fmt::format("{} days of states", days), [&](const std::string& crm) {
      const auto all = collector::read_days(reader_, crm, Zone{}, days, end_).value();
      return fmt::format("{:>8} {:8}", "states", all.size());
    });
  }

  YearPlan plan_;
  store::Writer writer_;
  collector::HistoryRoller roller_;
  store::Database reader_;
  TimePoint end_;
};

}  // namespace

int main(int argc, char** argv) {
  YearPlan plan;
  CLI::App app{"A year of history: charts in milliseconds, bytes by kind"};
  app.add_option("--crms", plan.crms, "of 42 series each")->check(CLI::Range(1, 10'000))->capture_default_str();
  app.add_option("--days", plan.days)->check(CLI::Range(1, 4'000))->capture_default_str();
  app.add_option("--interval", plan.interval, "Seconds between readings")
      ->check(CLI::Range(1, 3'600))
      ->capture_default_str();
  app.add_option("--samples", plan.samples, "Days that readings are kept")->capture_default_str();
  app.add_option("--minutes", plan.minutes, "Days that minutes are kept")->capture_default_str();
  app.add_option("--folder", plan.folder, "State directory to make and keep; default: one that goes at the end");
  CLI11_PARSE(app, argc, argv);
  const bool keep = !plan.folder.empty();
  if (!keep)
    plan.folder = std::filesystem::temp_directory_path() / fmt::format("crmpulse-bench-history-year.{}", getpid());
  std::filesystem::create_directories(plan.folder);
  fmt::print("{} CRMs, {} days, every {} s\n", plan.crms, plan.days, plan.interval);
  {
    Year year{plan};
    year.make();
    year.measure();
    year.print_sizes();
  }
  if (!keep) std::filesystem::remove_all(plan.folder);
  return 0;
}
