// A year of history of some CRMs: readings every 30 s, states, incidents. Of days whose readings are kept no longer
// only what is left of them is made, each CRM on a core of its own; the newest days go into blocks part by part, are
// summed up and pruned by age by the collector's own code on a simulated clock. Then charts are timed, and the bytes of
// the store printed by kind. --folder keeps the store.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <map>
#include <thread>

#include "bench/year_of_crm.h"
#include "collector/history/days.h"
#include "collector/history/query.h"
#include "collector/history/roller.h"
#include "collector/history/series.h"
#include "store/collector/collector_store.h"
#include "store/history/kept_sizes.h"

namespace {

using namespace crmpulse;
using bench::YearOfCrm;
using store::Tier;

constexpr Duration kDay{std::chrono::hours{24}};
constexpr int kTimes = 9;  ///< each chart is asked so often

struct YearPlan {
  int crms = 10;
  int days = 400;
  int interval = 30;  ///< seconds
  int samples = 30;   ///< days
  int minutes = 90;   ///< days
  std::string folder;
  bool only_make = false;
};

double since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
}

Result<void> save_day(store::Database& database, const bench::DayOfCrm& day) {
  for (const store::StateChange& change : day.states) {
    if (auto done = store::save_state_change(database, change); !done) return done;
  }
  for (const store::StoredIncident& incident : day.incidents) {
    if (auto done = store::save_incident(database, incident); !done) return done;
  }
  for (const store::IncidentEvent& event : day.events) {
    if (auto done = store::add_event(database, event); !done) return done;
  }
  return {};
}

/// The days of one CRM that are older than its readings: rollups as HistoryRoller makes them, without storing first
/// what would be deleted again.
class OldDays {
 public:
  OldDays(const YearPlan& plan, store::Writer& writer, YearOfCrm& crm) : plan_(plan), writer_(writer), crm_(crm) {}

  /// [first, end); minutes are made of days from `minutes_from` on.
  void make(TimePoint first, TimePoint end, TimePoint minutes_from) {
    for (TimePoint day = first; day < end; day += kDay) {
      const auto readings = crm_.readings(day, day + kDay, std::chrono::seconds{plan_.interval});
      add_hours(day, readings);
      if (day >= minutes_from) add_minutes(day, readings);
      days_.push_back(crm_.day(day, end));
      const TimePoint span = store::span_begin(Tier::days, day);
      if (day + kDay < end && store::span_begin(Tier::days, day + kDay) == span) continue;
      add_row(Tier::days, span, points_of_days_);
      points_of_days_.clear();
      store();
    }
  }

 private:
  using Points = std::map<std::string, std::vector<store::Rollup>>;

  void add_hours(TimePoint day, const std::vector<store::HistorySeries>& readings) {
    Points hours;
    for (const store::HistorySeries& one : readings) {
      auto& points = hours[one.name] =
          collector::roll_up(one.readings, store::width_of(Tier::hours), collector::is_duration(one.name));
      store::Rollup all{day};
      for (const store::Rollup& point : points) all.merge(point);
      points_of_days_[one.name].push_back(std::move(all));
    }
    add_row(Tier::hours, day, hours);
  }
  void add_minutes(TimePoint day, const std::vector<store::HistorySeries>& readings) {
    const auto before = [](const store::Reading& one, TimePoint at) { return one.unix_millis < unix_millis(at); };
    for (TimePoint part = day; part < day + kDay; part += store::kHistoryPart) {
      Points minutes;
      for (const store::HistorySeries& one : readings) {
        const auto from = std::lower_bound(one.readings.begin(), one.readings.end(), part, before);
        const auto to = std::lower_bound(from, one.readings.end(), part + store::kHistoryPart, before);
        minutes[one.name] =
            collector::roll_up({from, to}, store::width_of(Tier::minutes), collector::is_duration(one.name));
      }
      add_row(Tier::minutes, part, minutes);
    }
  }
  void add_row(Tier tier, TimePoint span, const Points& points) {
    std::vector<store::RollupSeries> series;
    for (const auto& [name, some] : points) series.push_back({name, some});
    rows_.push_back({tier, span, crm_.name(), store::encode_rollups(series), true});
  }
  void store() {
    writer_
        .run([this](store::Database& database) -> Result<void> {
          for (const store::RollupRow& row : rows_) {
            if (auto done = store::put_rollups(database, row); !done) return done;
          }
          for (const bench::DayOfCrm& day : days_) {
            if (auto done = save_day(database, day); !done) return done;
          }
          return {};
        })
        .value();
    rows_.clear();
    days_.clear();
  }

  const YearPlan& plan_;
  store::Writer& writer_;
  YearOfCrm& crm_;
  Points points_of_days_;  ///< of the span that is not stored yet
  std::vector<store::RollupRow> rows_;
  std::vector<bench::DayOfCrm> days_;
};

class Year {
 public:
  explicit Year(const YearPlan& plan)
      : plan_(plan),
        writer_(store::open_collector(plan.folder).value()),
        roller_(store::open_collector_reader(plan.folder).value(), writer_),
        reader_(store::open_collector_reader(plan.folder).value()),
        end_(std::chrono::floor<std::chrono::minutes>(std::chrono::system_clock::now())) {
    for (int i = 0; i < plan_.crms; ++i) crms_.emplace_back(i);
  }

  void make() {
    const auto begun = std::chrono::steady_clock::now();
    const TimePoint today = store::span_begin(Tier::hours, end_);
    const TimePoint first = today - plan_.days * kDay;
    // One day more than is kept, so that blocks are deleted by age as in a collector.
    const TimePoint recent = std::max(first, today - (plan_.samples + 1) * kDay);
    make_old_days(first, recent);
    fmt::print("older days made after {:.0f} s\n", since(begun) / 1000);
    make_recent_days(recent);
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
  void make_old_days(TimePoint first, TimePoint end) {
    const TimePoint minutes_from = store::span_begin(Tier::hours, end_) - plan_.minutes * kDay;
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
      for (std::size_t i = next++; i < crms_.size(); i = next++)
        OldDays{plan_, writer_, crms_[i]}.make(first, end, minutes_from);
    };
    std::vector<std::future<void>> workers;
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i)
      workers.push_back(std::async(std::launch::async, work));
    for (auto& worker : workers) worker.get();
  }

  struct RecentDay {
    std::vector<store::HistoryBlock> blocks;
    std::vector<bench::DayOfCrm> days;
  };
  /// While one day is summed up the next is made.
  void make_recent_days(TimePoint first) {
    const auto begin = [this](TimePoint day) {
      return std::async(std::launch::async, [this, day] { return recent(day); });
    };
    auto next = begin(first);
    for (TimePoint day = first; day < end_; day += kDay) {
      RecentDay made = next.get();
      if (day + kDay < end_) next = begin(day + kDay);
      add(made);
      const TimePoint now = std::min(day + kDay + std::chrono::hours{2}, end_);
      while (roller_.roll(now).value()) {
      }
      roller_.prune({now - plan_.samples * kDay, now - plan_.minutes * kDay, now - plan_.days * kDay, 0}).value();
    }
  }
  RecentDay recent(TimePoint day) {
    RecentDay out;
    for (YearOfCrm& crm : crms_) {
      for (TimePoint part = day; part < std::min(day + kDay, end_); part += store::kHistoryPart) {
        const auto series =
            crm.readings(part, std::min(part + store::kHistoryPart, end_), std::chrono::seconds{plan_.interval});
        std::int64_t readings = 0;
        for (const store::HistorySeries& one : series) readings += static_cast<std::int64_t>(one.readings.size());
        out.blocks.push_back({part, crm.name(), readings, store::encode_block(series)});
      }
      out.days.push_back(crm.day(day, end_));
    }
    return out;
  }
  void add(const RecentDay& made) {
    writer_
        .run([&](store::Database& database) -> Result<void> {
          if (auto done = store::add_blocks(database, made.blocks); !done) return done;
          for (const bench::DayOfCrm& day : made.days) {
            if (auto done = save_day(database, day); !done) return done;
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
  std::vector<YearOfCrm> crms_;
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
  app.add_flag("--only-make", plan.only_make, "Times no charts");
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
    if (!plan.only_make) year.measure();
    year.print_sizes();
  }
  if (!keep) std::filesystem::remove_all(plan.folder);
  return 0;
}
