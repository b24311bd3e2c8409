// The journal's readings move into blocks, and a chart gets each of them once wherever they are.

#include <catch2/catch.hpp>
#include <cmath>
#include <tuple>

#include "collector/backtest/stored_samples.h"
#include "collector/history/builder.h"
#include "collector/history/journal_tail.h"
#include "collector/history/query.h"
#include "collector/history/roller.h"
#include "store/history/history.h"
#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

TimePoint start() {
  return store::part_of(from_unix_millis(1'795'000'000'000));
}

/// A store with a writer, filled as ingest fills it.
class Journal {
 public:
  Journal() : writer_(std::make_unique<store::Writer>(store::open_collector(directory_.path()).value())) {}

  void append(const std::vector<Sample>& samples, TimePoint received, Duration skew = {}) {
    append_body(wire::encode(samples), received, skew);
  }
  void append_body(const std::string& body, TimePoint received, Duration skew = {}) {
    store::JournalRecord record;
    record.received = received;
    record.skew = skew;
    record.body = body;
    in_store([&](store::Database& database) -> Result<void> {
      const auto seq = store::append(database, record);
      if (!seq) return seq.error();
      return {};
    });
  }
  /// One reading each of two series every 30 s.
  void measure(TimePoint from, int count, double base = 0) {
    for (int i = 0; i < count; ++i) {
      const TimePoint at = from + i * std::chrono::seconds{30};
      append({sample("crm_operation_duration_seconds", "acme", base + i, at, {{"operation", "read"}}),
              sample("crm_up", "acme", 1, at), sample("crm_up", "beta", 0, at)},
             at);
    }
  }
  void in_store(const store::Writer::Job& job) { writer_->run(job).value(); }
  [[nodiscard]] store::Database reader() const { return store::open_collector_reader(directory_.path()).value(); }
  [[nodiscard]] std::string folder() const { return directory_.path(); }
  void set_aside(const DamagedBlocks& damaged) { damaged.set_aside(folder(), *writer_).value(); }
  [[nodiscard]] HistoryBuilder builder(HistoryBuilder::Limits limits = {}) { return {reader(), *writer_, limits}; }

  [[nodiscard]] HistoryRoller roller() { return {reader(), *writer_}; }

  [[nodiscard]] HistoryAnswer read(const std::string& metric, TimePoint from, TimePoint to,
                                   Duration step = std::chrono::seconds{30}, const std::string& crm = "acme") const {
    store::Database database = reader();
    const HistoryQuery query{crm, {{metric, {}}}, from, to, step, 0};
    HistoryAnswer answer = read_history(database, query).value();
    const HistoryAnswer by_kept_tail = read_history(database, query, &tail_).value();
    CHECK(points_of(by_kept_tail) == points_of(answer));
    return answer;
  }
  [[nodiscard]] std::uint64_t count(const std::string& metric, TimePoint from, TimePoint to) const {
    std::uint64_t sum = 0;
    for (const HistoryLine& line : read(metric, from, to).lines) {
      for (const HistoryPoint& point : line.points) sum += point.count;
    }
    return sum;
  }
  [[nodiscard]] store::HistorySize size() const {
    store::Database database = reader();
    return store::history_size(database).value();
  }
  [[nodiscard]] std::int64_t seq() const {
    store::Database database = reader();
    return store::history_seq(database).value();
  }

 private:
  using Told = std::tuple<std::string, TimePoint, std::uint64_t, double, double>;
  static std::vector<Told> points_of(const HistoryAnswer& answer) {
    std::vector<Told> out;
    for (const HistoryLine& line : answer.lines) {
      for (const HistoryPoint& point : line.points)
        out.emplace_back(line.name.metric, point.at, point.count, point.sum, point.last);
    }
    return out;
  }

  TempDir directory_;
  std::unique_ptr<store::Writer> writer_;
  mutable JournalTail tail_;  ///< kept from one reading to the next, as a collector keeps it
};

constexpr const char* kDuration = "crm_operation_duration_seconds";
constexpr Duration kHour{std::chrono::hours{1}};

void build_all(HistoryBuilder& builder, TimePoint now) {
  while (builder.build(now).value()) {
  }
}

}  // namespace

TEST_CASE("readings are found alike in the journal, in blocks and across both") {
  Journal journal;
  journal.measure(start(), 100);
  const auto check = [&](int expected) {
    const HistoryAnswer answer = journal.read(kDuration, start(), start() + kHour);
    REQUIRE(answer.lines.size() == 1);
    CHECK(answer.lines[0].name.metric == kDuration);
    CHECK(answer.lines[0].name.labels.get("operation") == "read");
    CHECK(answer.lines[0].name.labels.get("crm").empty());
    REQUIRE(answer.lines[0].points.size() == static_cast<std::size_t>(expected));
    for (int i = 0; i < expected; ++i) {
      const HistoryPoint& point = answer.lines[0].points[static_cast<std::size_t>(i)];
      REQUIRE(point.at == start() + i * std::chrono::seconds{30});
      REQUIRE(point.count == 1);
      REQUIRE(point.sum == i);
    }
  };
  check(100);
  HistoryBuilder builder = journal.builder();
  build_all(builder, start() + kHour);
  CHECK(journal.seq() == 100);
  CHECK(journal.size().readings == 300);
  check(100);
  journal.in_store([](store::Database& database) { return database.execute("DELETE FROM journal"); });
  check(100);
  journal.measure(start() + 100 * std::chrono::seconds{30}, 10, 100);
  check(110);
}

TEST_CASE("nothing is moved before it has waited, unless much of it waits") {
  Journal journal;
  journal.measure(start(), 10);
  HistoryBuilder patient = journal.builder();
  CHECK_FALSE(patient.build(start() + std::chrono::minutes{9}).value());
  CHECK(journal.seq() == 0);
  HistoryBuilder::Limits limits;
  limits.pending_bytes = limits.pass_bytes = 500;
  HistoryBuilder pressed = journal.builder(limits);
  CHECK(pressed.build(start() + std::chrono::minutes{9}).value());
  CHECK(journal.seq() > 0);
  CHECK(journal.seq() < 10);
  build_all(patient, start() + kHour);
  CHECK(journal.seq() == 10);
  CHECK(journal.count(kDuration, start(), start() + kHour) == 10);
}

TEST_CASE("a crash between two blocks loses and doubles nothing") {
  Journal journal;
  journal.measure(start(), 50);
  {
    HistoryBuilder builder = journal.builder();
    build_all(builder, start() + kHour);
  }
  journal.measure(start() + kHour, 50);
  // As if the next pass had written its blocks and ended before it said so.
  journal.in_store([](store::Database& database) {
    const std::vector<store::HistorySeries> half{{kDuration, {{unix_millis(start() + kHour), 0}}}};
    return store::add_blocks(database, {{start(), "acme", 1, store::encode_block(half)}});
  });
  HistoryBuilder builder = journal.builder();
  builder.begin().value();
  build_all(builder, start() + 3 * kHour);
  CHECK(journal.seq() == 100);
  CHECK(journal.size().readings == 300);
  CHECK(journal.count(kDuration, start(), start() + 3 * kHour) == 100);
}

TEST_CASE("a reading that is in the journal and in a block counts once") {
  Journal journal;
  journal.measure(start(), 20);
  HistoryBuilder builder = journal.builder();
  build_all(builder, start() + kHour);
  journal.in_store([](store::Database& database) { return store::set_meta(database, "history_seq", "5"); });
  CHECK(journal.count(kDuration, start(), start() + kHour) == 20);
}

TEST_CASE("the blocks of a part that is over become one for each CRM, with the same readings") {
  Journal journal;
  HistoryBuilder builder = journal.builder();
  for (int i = 0; i < 6; ++i) {
    journal.measure(start() + i * kHour, 20, 100.0 * i);
    build_all(builder, start() + (i + 1) * kHour);
  }
  const std::int64_t before = journal.size().blocks;
  CHECK(before == 12);
  CHECK_FALSE(builder.merge(start() + 6 * kHour).value());
  CHECK(journal.size().blocks == before);
  CHECK_FALSE(builder.merge(start() + 7 * kHour).value());
  CHECK(journal.size().blocks == 2);
  CHECK(journal.size().readings == 360);
  CHECK(journal.count(kDuration, start(), start() + 6 * kHour) == 120);
  builder.begin().value();
  CHECK(journal.size().blocks == 2);
}

TEST_CASE("an agent that catches up fills the parts its readings belong to") {
  Journal journal;
  const TimePoint now = start() + 24 * kHour;
  std::vector<Sample> late;
  for (int i = 0; i < 24; ++i) late.push_back(sample(kDuration, "acme", i, start() + i * kHour));
  journal.append(late, now);
  HistoryBuilder builder = journal.builder();
  build_all(builder, now + kHour);
  CHECK(journal.size().blocks == 4);
  const HistoryAnswer answer = journal.read(kDuration, start() + 5 * kHour, start() + 7 * kHour, kHour);
  REQUIRE(answer.lines.size() == 1);
  REQUIRE(answer.lines[0].points.size() == 3);
  CHECK(answer.lines[0].points[0].sum == 5);
  CHECK(answer.lines[0].points[2].sum == 7);
}

TEST_CASE("times are corrected by the record's skew, and what is not a number or of the future is left out") {
  Journal journal;
  const TimePoint now = start() + kHour;
  journal.append({sample(kDuration, "acme", 1, start())}, now, std::chrono::minutes{5});
  journal.append({sample(kDuration, "acme", std::nan(""), start() + kHour)}, now);
  journal.append({sample(kDuration, "acme", 2, start() + 2 * kHour)}, now);
  journal.append_body("not a body", now);
  const auto check = [&] {
    const HistoryAnswer answer = journal.read(kDuration, start(), start() + 5 * kHour);
    REQUIRE(answer.lines.size() == 1);
    REQUIRE(answer.lines[0].points.size() == 1);
    CHECK(answer.lines[0].points[0].at == start() + std::chrono::minutes{5});
  };
  check();
  HistoryBuilder builder = journal.builder();
  build_all(builder, now + kHour);
  check();
  CHECK(builder.stats().skipped == 3);
  CHECK(journal.seq() == 4);
}

TEST_CASE("steps tell least, most, sum and count of what is in them") {
  Journal journal;
  journal.measure(start(), 40);
  HistoryBuilder builder = journal.builder();
  build_all(builder, start() + kHour);
  const HistoryAnswer answer =
      journal.read(kDuration, start() + std::chrono::minutes{5}, start() + kHour, std::chrono::minutes{10});
  REQUIRE(answer.lines.size() == 1);
  const auto& points = answer.lines[0].points;
  REQUIRE(points.size() == 2);
  CHECK(points[0].at == start());
  CHECK(points[0].count == 10);
  CHECK(points[0].min == 10);
  CHECK(points[0].max == 19);
  CHECK(points[1].count == 20);
  CHECK(points[1].sum == 590);
  CHECK(journal.read(kDuration, start(), start() + kHour, kHour, "beta").lines.empty());
  CHECK(journal.read("crm_up", start(), start() + kHour, kHour, "beta").lines.size() == 1);
}

TEST_CASE("a damaged block costs its own readings") {
  Journal journal;
  journal.measure(start(), 10);
  HistoryBuilder builder = journal.builder();
  build_all(builder, start() + kHour);
  journal.in_store([](store::Database& database) {
    return store::add_blocks(database, {{start(), "acme", 7, "damaged"}, {start(), "acme", 7, ""}});
  });
  CHECK(journal.count(kDuration, start(), start() + kHour) == 10);
  CHECK(journal.read(kDuration, start(), start() + kHour).damaged.count() == 2);
  CHECK_FALSE(builder.merge(start() + 24 * kHour).value());
  CHECK(journal.count(kDuration, start(), start() + kHour) == 10);
  CHECK(journal.size().blocks == 2);
  CHECK(builder.stats().damaged == 2);
  CHECK(store::damaged_files(journal.folder()) == 2);
}

namespace {

/// Puts bytes of the same count, which can be decoded too, in the place of a block's.
void exchange_bytes(Journal& journal, const std::string& crm, double value) {
  store::Database database = journal.reader();
  std::string bytes;
  store::read_blocks(database, crm, start(), start(), [&](const store::StoredBlock& block) {
    auto series = store::decode_block(block.bytes, [](std::string_view) { return true; }).value();
    series.front().readings.front().value = value;
    bytes = store::encode_block(series);
    return false;
  }).value();
  journal.in_store([&](store::Database& store) -> Result<void> {
    auto row = store.prepare("UPDATE history SET block = ? WHERE crm = ?").value();
    row.bind_blob(1, bytes);
    row.bind(2, std::string_view{crm});
    return row.run();
  });
}

}  // namespace

TEST_CASE("a changed byte of a block that can be decoded is found, told and set aside") {
  Journal journal;
  journal.measure(start(), 10);
  HistoryBuilder builder = journal.builder();
  build_all(builder, start() + kHour);
  exchange_bytes(journal, "acme", 99);
  const HistoryAnswer answer = journal.read(kDuration, start(), start() + kHour);
  CHECK(answer.lines.empty());
  CHECK(answer.damaged.count() == 1);
  journal.set_aside(answer.damaged);
  CHECK(store::damaged_files(journal.folder()) == 1);
  CHECK(journal.read(kDuration, start(), start() + kHour).damaged.count() == 0);
  CHECK(journal.size().blocks == 1);
}

TEST_CASE("a damaged block that a chart meets is counted in its answer and kept in a file") {
  RunningCollector collector;
  REQUIRE(collector.write_latency("acme", 0.25, 6) == 204);
  const std::string state = collector.directory().path("state");
  collector.stop();
  {
    store::Database database = store::open_collector(state).value();
    store::add_blocks(database, {{store::part_of(collector.now()), "acme", 1, "damaged"}}).value();
    store::finish_blocks(database, 0).value();
  }
  collector.start();
  const std::string path = "/api/v1/crms/acme/history?metric=" + std::string{kDuration};
  CHECK(collector.get_json(path).at("blocks_damaged").to_number<int>() == 1);
  CHECK(eventually([&] { return store::damaged_files(state) == 1; }));
  CHECK(eventually([&] { return collector.get_json(path).at("blocks_damaged").to_number<int>() == 0; }));
  // Whoever asks before it is gone meets it again.
  CHECK(collector.get("/metrics").body.find("\ncrmpulse_collector_history_damaged_blocks_total 0\n") ==
        std::string::npos);
}

namespace {

struct Replayed {
  std::vector<std::pair<TimePoint, double>> readings;  ///< of kDuration of acme
  std::size_t ticks = 0;
};

Replayed replay(const Journal& journal, TimePoint from, TimePoint to) {
  store::Database database = journal.reader();
  StoredSamples samples{database, from, to};
  std::vector<BacktestBatch::Name> names;
  Replayed out;
  while (const auto batch = samples.next().value()) {
    names.insert(names.end(), batch->names.begin(), batch->names.end());
    for (const BacktestEvent& event : batch->events) {
      if (event.series == BacktestEvent::kTick) {
        ++out.ticks;
        continue;
      }
      const BacktestBatch::Name& name = names.at(event.series);
      if (name.metric == kDuration && name.labels.get("crm") == "acme")
        out.readings.emplace_back(event.at, event.value);
      if (name.metric == kDuration) CHECK(name.labels.get("operation") == "read");
    }
  }
  return out;
}

}  // namespace

TEST_CASE("a backtest reads each stored sample once, from the blocks where the journal does not reach any more",
          "[slow]") {
  Journal journal;
  HistoryBuilder builder = journal.builder();
  // Nine hours in blocks, of which the journal keeps the last one, and two minutes that are in no block yet.
  journal.measure(start(), 9 * 120);
  build_all(builder, start() + 10 * kHour);
  const TimePoint kept = start() + 8 * kHour;
  journal.in_store([&](store::Database& database) {
    return database.execute(fmt::format("DELETE FROM journal WHERE received < {}", unix_millis(kept)));
  });
  journal.measure(start() + 9 * kHour, 4, 9 * 120);
  const Replayed all = replay(journal, start(), start() + 24 * kHour);
  REQUIRE(all.readings.size() == 9 * 120 + 4);
  for (std::size_t i = 0; i < all.readings.size(); ++i) {
    REQUIRE(all.readings[i].first == start() + static_cast<int>(i) * std::chrono::seconds{30});
    REQUIRE(all.readings[i].second == static_cast<double>(i));
  }
  CHECK(all.ticks == 120 + 4);
  const Replayed some = replay(journal, start() + kHour, start() + 7 * kHour);
  REQUIRE(some.readings.size() == 6 * 120 + 1);
  CHECK(some.readings.front().first == start() + kHour);
  CHECK(some.readings.back().first == start() + 7 * kHour);
  CHECK(replay(journal, kept, start() + 24 * kHour).readings.size() == 124);
  CHECK(replay(journal, start() - 24 * kHour, start() - kHour).readings.empty());
  journal.in_store([](store::Database& database) { return database.execute("DELETE FROM journal"); });
  CHECK(replay(journal, start(), start() + 24 * kHour).readings.size() == 9 * 120);
}

TEST_CASE("readings older than the retention go, and their sums by minutes and by hours each in its time") {
  Journal journal;
  HistoryBuilder builder = journal.builder();
  journal.measure(start(), 10);
  journal.measure(start() + 30 * kHour, 10);
  build_all(builder, start() + 40 * kHour);
  HistoryRoller roller = journal.roller();
  const TimePoint part_over = start() + 6 * kHour;
  roller.prune({part_over, start(), start(), 0}).value();
  CHECK(journal.size().readings == 60);  // what is in no rollup stays
  while (roller.roll(start() + 40 * kHour).value()) {
  }
  roller.prune({part_over, start(), start(), 0}).value();
  CHECK(journal.size().readings == 30);
  const auto answer = [&] { return journal.read(kDuration, start(), part_over); };
  CHECK(answer().source == HistorySource::minutes);
  CHECK(answer().step == std::chrono::minutes{1});
  CHECK(journal.count(kDuration, start(), part_over) == 10);
  roller.prune({part_over, part_over, start(), 0}).value();
  CHECK(answer().source == HistorySource::hours);
  CHECK(journal.count(kDuration, start(), part_over) == 10);
  roller.prune({part_over, part_over, start() + 60 * kHour, 0}).value();
  CHECK(journal.count(kDuration, start(), part_over) == 0);
  CHECK(journal.count(kDuration, start() + 30 * kHour, start() + 36 * kHour) == 10);
}

TEST_CASE("the history of a dimension is answered in steps, with what feeds its rules") {
  RunningCollector collector;
  REQUIRE(collector.write_latency("acme", 0.25, 6) == 204);
  const std::string from = format_time(collector.now() - std::chrono::minutes{10});
  const auto answer = collector.get_json("/api/v1/crms/acme/history?dimension=latency&step=1s&from=" + from);
  CHECK(answer.at("crm") == "acme");
  CHECK(answer.at("dimension") == "latency");
  CHECK(answer.at("step") == "1s");
  CHECK(answer.at("series_omitted").to_number<int>() == 0);
  REQUIRE(answer.at("series").as_array().size() == 1);
  const auto& series = answer.at("series").at(0);
  CHECK(series.at("metric") == kDuration);
  CHECK(series.at("labels").at("operation") == "read");
  REQUIRE(series.at("points").as_array().size() == 6);
  CHECK(series.at("points").at(0).at("avg").to_number<double>() == 0.25);
  CHECK(series.at("points").at(0).at("count").to_number<int>() == 1);
  const auto by_metric = collector.get_json("/api/v1/crms/acme/history?metric=crm_agent_target_info");
  CHECK(by_metric.at("dimension").is_null());
  CHECK(by_metric.at("step") == "2m53s");
  CHECK(by_metric.at("series").as_array().size() == 1);
}

TEST_CASE("a history that cannot be shown is refused with the field that is wrong") {
  RunningCollector collector;
  REQUIRE(collector.write_latency("acme", 0.25, 6) == 204);
  const auto refused = [&](const std::string& query) {
    const auto response = collector.get("/api/v1/crms/acme/history" + query);
    CHECK(response.status == 400);
    return std::string{boost::json::parse(response.body).at("error").at("field").as_string()};
  };
  CHECK(refused("") == "dimension");
  CHECK(refused("?dimension=latency&metric=crm_up") == "dimension");
  CHECK(refused("?dimension=weather") == "dimension");
  CHECK(refused("?metric=crm_up&from=yesterday") == "from");
  CHECK(refused("?metric=crm_up&to=1") == "to");
  CHECK(refused("?metric=crm_up&from=2026-11-22T00:00:00Z&to=2026-11-22T00:00:00Z") == "from");
  CHECK(refused("?metric=crm_up&from=2020-11-22T00:00:00Z&to=2026-11-22T00:00:00Z") == "from");
  CHECK(refused("?metric=crm_up&step=soon") == "step");
  CHECK(refused("?metric=crm_up&step=10ms") == "step");
  CHECK(refused("?metric=crm_up&step=1s") == "step");
  CHECK(collector.get("/api/v1/crms/nobody/history?metric=crm_up").status == 404);
}
