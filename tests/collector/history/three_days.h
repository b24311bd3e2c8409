#pragma once
// Three days of readings, some late and some twice, in a store; and what the history of them must answer.

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "collector/history/builder.h"
#include "collector/history/query.h"
#include "collector/history/roller.h"
#include "tests/collector/collector_fixture.h"

namespace crmpulse::test {

using namespace crmpulse::collector;
using namespace std::chrono_literals;

inline constexpr const char* kSeconds = "crm_operation_duration_seconds";
inline constexpr const char* kRecords = "crm_records";

inline TimePoint first_day() {
  return store::span_begin(store::Tier::hours, from_unix_millis(1'795'000'000'000));
}

/// Readings by series and time, as they count.
using Truth = std::map<std::string, std::map<TimePoint, double>>;

class Years {
 public:
  Years() { open(); }

  /// As ingest does.
  void receive(const std::vector<Sample>& samples, TimePoint at) {
    store::JournalRecord record;
    record.received = at;
    record.body = wire::encode(samples);
    in_store([&](store::Database& database) -> Result<void> {
      const auto seq = store::append(database, record);
      if (!seq) return seq.error();
      return {};
    });
  }
  void work(TimePoint now) {
    while (builder_->build(now).value()) {
    }
    while (builder_->merge(now).value()) {
    }
    while (roller_->roll(now).value()) {
    }
  }
  void prune(const HistoryKeep& keep) { roller_->prune(keep).value(); }
  void in_store(const store::Writer::Job& job) { writer_->run(job).value(); }
  [[nodiscard]] Result<void> attempt(const store::Writer::Job& job) { return writer_->run(job); }
  /// The writer's thread and every file are gone afterwards.
  void close() {
    roller_.reset();
    builder_.reset();
    writer_.reset();
  }
  void open() {
    close();
    writer_ = std::make_unique<store::Writer>(store::open_collector(directory_.path()).value());
    builder_ = std::make_unique<HistoryBuilder>(reader(), *writer_);
    roller_ = std::make_unique<HistoryRoller>(reader(), *writer_);
    builder_->begin().value();
  }
  [[nodiscard]] store::Database reader() const { return store::open_collector_reader(directory_.path()).value(); }
  [[nodiscard]] HistoryAnswer read(const std::string& metric, TimePoint from, TimePoint to, Duration step,
                                   std::int64_t points = 0) const {
    store::Database database = reader();
    return read_history(database, {"acme", {{metric, {}}}, from, to, step, points}).value();
  }
  [[nodiscard]] std::string folder() const { return directory_.path(); }
  [[nodiscard]] HistoryBuilder& builder() { return *builder_; }
  [[nodiscard]] HistoryRoller& roller() { return *roller_; }

 private:
  TempDir directory_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<HistoryBuilder> builder_;
  std::unique_ptr<HistoryRoller> roller_;
};

inline std::string series_of(const HistoryLine& line) {
  return line.name.metric + "/" + std::string{line.name.labels.get("operation")};
}

/// What the answer would be, straight from the readings.
struct Direct {
  std::uint64_t count = 0;
  double sum = 0;
  double min = 0;
  double max = 0;
  double last = 0;
  std::vector<double> sorted;
};
inline std::map<TimePoint, Direct> direct(const std::map<TimePoint, double>& readings, Duration step) {
  std::map<TimePoint, Direct> out;
  for (const auto& [at, value] : readings) {
    Direct& one = out[from_unix_millis(unix_millis(at) / step.count() * step.count())];
    one.min = one.count == 0 ? value : std::min(one.min, value);
    one.max = one.count == 0 ? value : std::max(one.max, value);
    ++one.count;
    one.sum += value;
    one.last = value;
    one.sorted.push_back(value);
  }
  for (auto& [at, one] : out) std::sort(one.sorted.begin(), one.sorted.end());
  return out;
}

inline void check_equal(const HistoryAnswer& answer, const Truth& truth, bool last_too = true) {
  std::size_t lines = 0;
  for (const HistoryLine& line : answer.lines) {
    const auto known = truth.find(series_of(line));
    REQUIRE(known != truth.end());
    ++lines;
    const auto expected = direct(known->second, answer.step);
    REQUIRE(line.points.size() == expected.size());
    for (const HistoryPoint& point : line.points) {
      INFO(series_of(line) << " at " << format_time(point.at));
      REQUIRE(expected.contains(point.at));
      const Direct& one = expected.at(point.at);
      REQUIRE(point.count == one.count);
      REQUIRE(point.sum == Approx(one.sum).epsilon(1e-9));
      REQUIRE(point.min == one.min);
      REQUIRE(point.max == one.max);
      if (last_too) REQUIRE(point.last == one.last);
      if (!line.duration) continue;
      for (const double part : {0.5, 0.75, 0.95}) {
        const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(one.count) - 1e-9));
        const double exact = one.sorted[std::max<std::size_t>(rank, 1) - 1];
        REQUIRE(std::fabs(quantile_of(point, part) - exact) <= store::Sketch::kRelativeError * exact * 1.0001);
      }
    }
  }
  CHECK(lines == truth.size());
}

/// Samples of three days: some late, some twice, some series for a while only.
class Readout {
 public:
  explicit Readout(unsigned seed) : random_(seed) {}

  void measure(TimePoint at, std::vector<Sample>& out) {
    for (const std::string operation : {"read", "create"}) {
      const double seconds = std::round(seconds_(random_) * 1e6) / 1e6;
      add(kSeconds, operation, at + std::chrono::milliseconds{random_() % 7}, seconds, out);
    }
    if (random_() % 3 != 0) add(kRecords, "", at, static_cast<double>(random_() % 1'000'000) - 5e5, out);
  }
  /// Of what was held back some comes now.
  void catch_up(std::vector<Sample>& out) {
    while (!late_.empty() && random_() % 2 == 0) {
      out.push_back(late_.back());
      late_.pop_back();
    }
    if (!out.empty() && random_() % 4 == 0) out.push_back(out[random_() % out.size()]);
  }
  void flush(std::vector<Sample>& out) { out = std::exchange(late_, {}); }
  [[nodiscard]] Truth seconds() const { return of(kSeconds); }
  [[nodiscard]] Truth records() const { return of(kRecords); }

 private:
  void add(const std::string& metric, const std::string& operation, TimePoint at, double value,
           std::vector<Sample>& out) {
    truth_[metric + "/" + operation].emplace(at, value);
    Labels labels;
    if (!operation.empty()) labels.set("operation", operation);
    (random_() % 20 == 0 ? late_ : out).push_back(sample(metric, "acme", value, at, labels));
  }
  [[nodiscard]] Truth of(const std::string& metric) const {
    Truth out;
    for (const auto& [name, readings] : truth_) {
      if (name.starts_with(metric)) out.emplace(name, readings);
    }
    return out;
  }

  std::mt19937 random_;
  std::lognormal_distribution<double> seconds_{-1.5, 0.8};
  Truth truth_;
  std::vector<Sample> late_;
};

inline const Duration kEvery = 2min;
inline constexpr int kRoundsABody = 15;

/// Sends three days and a half. `between` runs after every sixth body, with how many there were.
template <typename Between>
void send_days(Years& years, Readout& sender, const Between& between) {
  const TimePoint end = first_day() + 84h;
  int rounds = 0;
  std::vector<Sample> samples;
  for (TimePoint at = first_day(); at < end; at += kEvery) {
    sender.measure(at, samples);
    if (++rounds % kRoundsABody != 0) continue;
    const int bodies = rounds / kRoundsABody;
    if (bodies % 3 == 0) sender.catch_up(samples);
    years.receive(samples, at);
    samples.clear();
    if (bodies % 6 == 0) between(bodies, at);
  }
  std::vector<Sample> rest;
  sender.flush(rest);
  if (!rest.empty()) years.receive(rest, end);
}

/// Worked on as they come; every so often the work begins anew, as after a crash.
inline void three_days(Years& years, Readout& sender, bool crashes) {
  send_days(years, sender, [&](int bodies, TimePoint at) {
    years.work(at);
    if (crashes && bodies % 18 == 0) years.open();
  });
}

/// All in the journal, nothing worked on.
inline void days_received(Years& years, Readout& sender) {
  send_days(years, sender, [](int, TimePoint) {});
}

}  // namespace crmpulse::test
