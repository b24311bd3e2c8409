// Rollups equal a direct calculation over the readings, whatever comes late or twice, and wherever a crash falls.

#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <set>

#include "collector/history/builder.h"
#include "collector/history/query.h"
#include "collector/history/roller.h"
#include "store/history/kept_sizes.h"
#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kSeconds = "crm_operation_duration_seconds";
constexpr const char* kRecords = "crm_records";

TimePoint first_day() {
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
  void open() {
    roller_.reset();
    builder_.reset();
    writer_.reset();
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

std::string series_of(const HistoryLine& line) {
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
std::map<TimePoint, Direct> direct(const std::map<TimePoint, double>& readings, Duration step) {
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

void check_equal(const HistoryAnswer& answer, const Truth& truth, bool last_too = true) {
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

const Duration kEvery = 2min;
constexpr int kRoundsABody = 15;

/// Three days and a half, worked on every half an hour; every so often the work begins anew, as after a crash.
void three_days(Years& years, Readout& sender, bool crashes) {
  const TimePoint end = first_day() + 84h;
  int rounds = 0;
  std::vector<Sample> samples;
  for (TimePoint at = first_day(); at < end; at += kEvery) {
    sender.measure(at, samples);
    if (++rounds % kRoundsABody != 0) continue;
    if (rounds % (3 * kRoundsABody) == 0) sender.catch_up(samples);
    years.receive(samples, at);
    samples.clear();
    if (rounds % (6 * kRoundsABody) != 0) continue;
    years.work(at);
    if (crashes && rounds % (18 * kRoundsABody) == 0) years.open();
  }
  std::vector<Sample> rest;
  sender.flush(rest);
  if (!rest.empty()) years.receive(rest, end);
}

}  // namespace

TEST_CASE("rollups equal a direct calculation over readings that come late and twice") {
  const unsigned seed = GENERATE(1U, 2U);
  Years years;
  Readout sender{seed};
  three_days(years, sender, seed == 2);
  const TimePoint to = first_day() + 84h;
  const auto check_all = [&] {
    for (const auto& [step, source] :
         {std::pair{Duration{30s}, HistorySource::samples}, std::pair{Duration{10min}, HistorySource::minutes},
          std::pair{Duration{1h}, HistorySource::hours}, std::pair{Duration{5h}, HistorySource::hours},
          std::pair{Duration{24h}, HistorySource::days}}) {
      INFO(format_duration(step));
      const HistoryAnswer seconds = years.read(kSeconds, first_day(), to, step);
      CHECK(seconds.source == source);
      CHECK(seconds.step == step);
      check_equal(seconds, sender.seconds());
      check_equal(years.read(kRecords, first_day(), to, step), sender.records());
    }
  };
  check_all();  // the last readings are in the journal alone, late ones of every part among them
  years.work(to + 1h);
  check_all();
  years.work(to + 24h);
  check_all();
}

TEST_CASE("readings of a part whose blocks are gone are added to its rollups once") {
  Years years;
  Readout sender{3};
  three_days(years, sender, false);
  const TimePoint to = first_day() + 84h;
  years.work(to + 24h);
  years.prune({first_day() + 48h, TimePoint{}, TimePoint{}, 0});
  check_equal(years.read(kSeconds, first_day(), to, 1h), sender.seconds());
  Truth truth = sender.seconds();
  std::vector<Sample> late;
  for (int i = 0; i < 50; ++i) {
    const TimePoint at = first_day() + i * 11min + 1s;
    late.push_back(sample(kSeconds, "acme", 0.25, at, {{"operation", "read"}}));
    truth[std::string{kSeconds} + "/read"][at] = 0.25;
  }
  years.receive(late, to);
  for (int round = 0; round < 2; ++round) {
    years.work(to + 48h);
    check_equal(years.read(kSeconds, first_day(), to, 1h), truth, false);
    check_equal(years.read(kSeconds, first_day(), to, 24h), truth, false);
    years.open();
  }
}

TEST_CASE("a disk that refuses in the middle of a part leaves its rollups as they were") {
  Years years;
  Readout sender{4};
  three_days(years, sender, false);
  const TimePoint to = first_day() + 84h;
  const int refused = GENERATE(0, 1, 2);
  years.in_store([&](store::Database& database) {
    return database.execute(fmt::format(
        "CREATE TRIGGER full BEFORE INSERT ON rollup WHEN new.tier = {} BEGIN SELECT RAISE(ABORT, 'full'); END",
        refused));
  });
  while (years.builder().build(to + 24h).value()) {
  }
  CHECK(years.roller().roll(to + 24h).has_error());
  check_equal(years.read(kSeconds, first_day(), to, 1h), sender.seconds());
  years.in_store([](store::Database& database) { return database.execute("DROP TRIGGER full"); });
  years.open();
  years.work(to + 24h);
  check_equal(years.read(kSeconds, first_day(), to, 24h), sender.seconds());
}

TEST_CASE("a store of a version without rollups makes them from its blocks") {
  Years years;
  Readout sender{5};
  three_days(years, sender, false);
  const TimePoint to = first_day() + 84h;
  years.work(to + 24h);
  years.in_store([](store::Database& database) { return database.execute("DELETE FROM rollup; DELETE FROM rolled"); });
  check_equal(years.read(kSeconds, first_day(), to, 24h), sender.seconds());
  years.work(to + 24h);
  store::Database database = years.reader();
  CHECK(store::oldest_rollups(database, store::Tier::days, "acme").value() ==
        store::span_begin(store::Tier::days, first_day()));
  check_equal(years.read(kSeconds, first_day(), to, 24h), sender.seconds());
}

TEST_CASE("a damaged block of rollups is set aside and made again from the readings") {
  Years years;
  Readout sender{6};
  three_days(years, sender, false);
  const TimePoint to = first_day() + 84h;
  years.work(to + 24h);
  const int tier = GENERATE(1, 2);
  years.in_store([&](store::Database& database) {
    return database.execute(fmt::format("UPDATE rollup SET block = x'0102' WHERE tier = {}", tier));
  });
  CHECK(years.read(kSeconds, first_day(), to, tier == 1 ? Duration{1h} : Duration{24h}).damaged_rollups > 0);
  // The next late reading meets it.
  for (int day = 0; day < 4; ++day) years.receive({sample(kRecords, "acme", 1, first_day() + day * 24h + 1s)}, to);
  years.work(to + 48h);
  years.work(to + 72h);
  check_equal(years.read(kSeconds, first_day(), to, 1h), sender.seconds());
  check_equal(years.read(kSeconds, first_day(), to, 24h), sender.seconds());
  CHECK(store::damaged_files(years.folder()) > 0);
}

TEST_CASE("an answer has no more points than were asked for") {
  Years years;
  Readout sender{7};
  three_days(years, sender, false);
  const TimePoint to = first_day() + 84h;
  years.work(to + 24h);
  for (const std::int64_t most : {2, 3, 7, 50, 84, 85, 501, 5000}) {
    for (const Duration shift : {Duration{0}, Duration{17min}, Duration{1h - 1ms}}) {
      const HistoryAnswer answer = years.read(kSeconds, first_day() + shift, to - shift, Duration{}, most);
      INFO(most << " " << format_duration(answer.step) << " " << to_string(answer.source));
      REQUIRE(answer.lines.size() == 2);
      for (const HistoryLine& line : answer.lines) CHECK(static_cast<std::int64_t>(line.points.size()) <= most);
    }
  }
  CHECK(years.read(kSeconds, first_day(), first_day() + 90 * 24h, Duration{}, 501).source == HistorySource::hours);
  CHECK(years.read(kSeconds, first_day(), first_day() + 400 * 24h, Duration{}, 501).source == HistorySource::days);
}

TEST_CASE("a store over its size loses readings first, and only those that are in rollups") {
  Years years;
  Readout sender{8};
  three_days(years, sender, false);
  const TimePoint to = first_day() + 84h;
  years.work(to + 24h);
  store::Database database = years.reader();
  years.in_store([](store::Database& store) { return store.execute("DELETE FROM journal"); });
  const auto full = static_cast<std::uint64_t>(store::used_bytes(database).value());
  years.prune({TimePoint{}, TimePoint{}, TimePoint{}, full * 2});
  CHECK(years.roller().stats().by_size == 0);
  years.prune({TimePoint{}, TimePoint{}, TimePoint{}, full - 50'000});
  CHECK(years.roller().stats().by_size > 0);
  CHECK(static_cast<std::uint64_t>(store::used_bytes(database).value()) <= full - 50'000);
  check_equal(years.read(kSeconds, first_day(), to, 24h), sender.seconds());
  years.prune({TimePoint{}, TimePoint{}, TimePoint{}, 1});
  CHECK(store::history_size(database).value().blocks == 0);
  check_equal(years.read(kSeconds, first_day(), to, 24h), sender.seconds());
}

TEST_CASE("the bytes of the store are told by kind, with the oldest of each") {
  Years years;
  Readout sender{9};
  three_days(years, sender, false);
  years.work(first_day() + 108h);
  store::Database database = years.reader();
  std::map<std::string, store::KeptSize> sizes;
  for (const store::KeptSize& size : store::kept_sizes(database).value()) sizes[std::string{size.kind}] = size;
  CHECK(sizes.at("samples").bytes == store::history_size(database).value().bytes);
  CHECK(sizes.at("samples").oldest == first_day());
  for (const char* kind : {"journal", "minutes", "hours", "days", "snapshots"}) CHECK(sizes.at(kind).bytes > 0);
  CHECK(sizes.at("states").bytes == 0);
  CHECK_FALSE(sizes.at("states").oldest);
}
