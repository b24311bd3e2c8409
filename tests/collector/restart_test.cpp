// What a stop, a crash and a start leave.

#include <catch2/catch.hpp>

#include "collector/engine_loop.h"
#include "collector/snapshot.h"
#include "collector_fixture.h"
#include "tests/support/manual_clock.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

constexpr Duration kSecond{1000};

/// An engine loop and its store without server and timers; the test moves the clock. A crash is to drop it.
class Core {
 public:
  Core(const TempDir& directory, ManualClock& clock) : configuration_(configure(directory)), clock_(clock) {
    writer_ = std::make_unique<store::Writer>(std::move(store::open_collector(directory.path()).value()));
    engine_ = std::make_unique<EngineLoop>(thread_.loop(), *writer_, Clocks{clock_, clock_}, configuration_, nullptr);
    engine_->recover().value();
    thread_.begin();
  }
  ~Core() { writer_.reset(); }

  /// Journals and folds as ingest does.
  void write(const std::vector<Sample>& samples) {
    store::JournalRecord record;
    record.received = clock_.now();
    record.body = wire::encode(samples);
    writer_
        ->run([&](store::Database& database) -> Result<void> {
          record.seq = store::append(database, record).value();
          return {};
        })
        .value();
    thread_.run([&] {
      std::vector<Point> points;
      decoder_
          .decode(wire::Version::v1, record.body,
                  [&](const wire::SeriesView& view) {
                    const SeriesIndex index = *engine_->content().series().find_or_add(view);
                    for (const wire::SampleView& one : view.samples)
                      points.push_back({index, one.unix_millis, one.value});
                  })
          .value();
      engine_->fold({record.seq, record.received, {}}, points);
      engine_->step();
    });
  }
  void latency(double seconds, int count) {
    for (int i = 0; i < count; ++i) {
      clock_.advance(kSecond);
      write({sample("crm_operation_duration_seconds", "acme", seconds, clock_.now(), {{"operation", "read"}})});
      thread_.run([&] { engine_->tick(); });
    }
  }
  void settle() {
    REQUIRE(eventually([&] {
      bool idle = false;
      thread_.run([&] { idle = engine_->ledger().idle(); });
      return idle;
    }));
  }
  [[nodiscard]] rules::CrmStatus status() {
    rules::CrmStatus found;
    thread_.run([&] { found = engine_->content().engine().status("acme").value(); });
    return found;
  }
  std::vector<store::OutboxRow> outbox() {
    settle();
    std::vector<store::OutboxRow> rows;
    writer_
        ->run([&](store::Database& database) -> Result<void> {
          rows = store::list_outbox(database, std::nullopt, 100).value();
          return {};
        })
        .value();
    return rows;
  }
  std::vector<store::StoredIncident> incidents() {
    settle();
    std::vector<store::StoredIncident> found;
    writer_
        ->run([&](store::Database& database) -> Result<void> {
          found = store::list_incidents(database, {}).value();
          return {};
        })
        .value();
    return found;
  }
  void disk_refuses(bool on) {
    writer_
        ->run([on](store::Database& database) -> Result<void> {
          return database.execute(
              on ? "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END"
                 : "DROP TRIGGER full");
        })
        .value();
  }
  [[nodiscard]] Ledger::Stats ledger() {
    Ledger::Stats stats;
    thread_.run([&] { stats = engine_->ledger().stats(); });
    return stats;
  }
  void tick() {
    thread_.run([&] { engine_->tick(); });
  }
  EngineLoop& engine() { return *engine_; }
  LoopThread& thread() { return thread_; }

 private:
  static std::shared_ptr<const Configuration> configure(const TempDir& directory) {
    directory.write("rules.yaml", kQuickRules);
    directory.write("remedies.yaml", kRemedies);
    const std::string file = directory.write("collector.yaml",
                                             "rules: [rules.yaml]\nremedies: [remedies.yaml]\nreceivers:\n"
                                             "  - {name: oncall, type: webhook, url: \"http://127.0.0.1:1/\"}\n");
    auto loaded = load_configuration(file);
    if (!loaded) throw std::runtime_error(to_string(loaded.error()));
    return *loaded;
  }

  std::shared_ptr<const Configuration> configuration_;
  ManualClock& clock_;
  LoopThread thread_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<EngineLoop> engine_;
  wire::Decoder decoder_;
};

const TimePoint kStart = parse_time("2026-11-21T09:00:00Z").value();

}  // namespace

TEST_CASE("a collector that crashes and starts again ends where one that did not would be") {
  ManualClock clock_a{kStart};
  ManualClock clock_b{kStart};
  const TempDir steady;
  const TempDir crashing;
  Core whole{steady, clock_a};
  auto broken = std::make_unique<Core>(crashing, clock_b);
  const std::vector<std::pair<double, int>> story{{0.2, 5}, {5, 2}, {5, 4}, {1.5, 3}, {0.2, 1}, {0.2, 6}, {5, 5}};
  for (const auto& [seconds, count] : story) {
    whole.latency(seconds, count);
    broken->latency(seconds, count);
    broken->settle();
    broken.reset();
    broken = std::make_unique<Core>(crashing, clock_b);
    CHECK(broken->status().state == whole.status().state);
  }
  const auto expected = whole.outbox();
  const auto got = broken->outbox();
  REQUIRE(expected.size() == got.size());
  REQUIRE(expected.size() >= 3);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(expected[i].event == got[i].event);
    CHECK(expected[i].seq == got[i].seq);
  }
  CHECK(whole.incidents().size() == broken->incidents().size());
}

TEST_CASE("an acknowledged record that no snapshot holds is replayed") {
  ManualClock clock{kStart};
  const TempDir directory;
  {
    Core core{directory, clock};
    core.latency(0.2, 5);
    // Journalled, then the process ends before the fold.
    core.settle();
    clock.advance(kSecond);
  }
  {
    auto database = store::open_collector(directory.path()).value();
    for (int i = 0; i < 5; ++i) {
      store::JournalRecord record;
      record.received = clock.now() + i * kSecond;
      record.body = wire::encode(
          std::vector{sample("crm_operation_duration_seconds", "acme", 5, record.received, {{"operation", "read"}})});
      REQUIRE(store::append(database, record).has_value());
    }
  }
  clock.advance(5 * kSecond);
  Core core{directory, clock};
  CHECK(core.engine().stats().replayed_records >= 5);
  CHECK(core.status().state == Level::poor);
  CHECK(core.outbox().size() == 1);
}

TEST_CASE("while the disk refuses, judging goes on and no message is lost or out of order") {
  ManualClock clock{kStart};
  const TempDir directory;
  Core core{directory, clock};
  core.latency(0.2, 3);
  core.settle();
  core.disk_refuses(true);
  core.latency(1.5, 5);
  REQUIRE(eventually([&] { return core.ledger().failing; }));
  core.latency(5, 5);
  core.latency(0.1, 8);
  CHECK(core.status().state == Level::healthy);
  CHECK(core.ledger().waiting_messages >= 3);
  core.disk_refuses(false);
  REQUIRE(eventually([&] {
    core.tick();
    return !core.ledger().failing;
  }));
  // Unsent rows are merged by what followed them; the chain ends resolved and in order.
  const auto rows = core.outbox();
  REQUIRE(rows.size() >= 3);
  std::int64_t last = 0;
  for (const store::OutboxRow& row : rows) last = std::max(last, row.seq);
  const auto newest =
      std::find_if(rows.begin(), rows.end(), [last](const store::OutboxRow& row) { return row.seq == last; });
  CHECK(newest->event == "incident.resolved");
  CHECK(core.ledger().waiting_messages == 0);
}

TEST_CASE("an incident is stored while open, with its reason and timeline, and closed when it ends") {
  ManualClock clock{kStart};
  const TempDir directory;
  Core core{directory, clock};
  core.latency(5, 5);
  auto open = core.incidents();
  REQUIRE(open.size() == 1);
  CHECK_FALSE(open[0].resolved.has_value());
  CHECK(open[0].level == 2);
  CHECK(open[0].detail.find("\"dimension\":\"latency\"") != std::string::npos);
  core.latency(0.1, 6);
  auto closed = core.incidents();
  REQUIRE(closed.size() == 1);
  CHECK(closed[0].resolved.has_value());
  CHECK(closed[0].level == 2);
  const boost::json::value detail = boost::json::parse(closed[0].detail);
  CHECK(detail.at("timeline").as_array().size() >= 2);
  CHECK(detail.at("timeline").as_array().back().at("state").as_string() == "resolved");
}

TEST_CASE("last values, evidence and newest failures survive a clean stop") {
  RunningCollector running;
  const std::string line = fmt::format(
      R"({{"at":"{}","crm":"acme","kind":"tryton","agent":"branch-1","operation":"read","stage":"request","reason":"timeout","text":"too slow"}})",
      format_time(running.now()));
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(send({"POST", running.base() + "/api/v1/evidence", {}, line}).status == 204);
  const boost::json::value before = running.get_json("/api/v1/crms/acme");
  running.stop();
  running.start();
  const boost::json::value after = running.get_json("/api/v1/crms/acme");
  CHECK(after.at("state") == before.at("state"));
  CHECK(after.at("incident").at("id") == before.at("incident").at("id"));
  CHECK(after.at("evidence") == before.at("evidence"));
  CHECK(after.at("failures") == before.at("failures"));
  CHECK(running.get("/metrics")
            .body.find(
                R"(crm_operation_duration_seconds{agent="branch-1",crm="acme",kind="tryton",operation="read"} 5)") !=
        std::string::npos);
}

TEST_CASE("a damaged state is refused, not guessed") {
  CrmFacts facts;
  facts.crm = "acme";
  const std::string blob = encode_state("engine", facts);
  CrmFacts read;
  CHECK(decode_state(blob, read).value() == "engine");
  CHECK(decode_state(blob.substr(0, blob.size() - 1), read).has_error());
  CHECK(decode_state(blob + "x", read).has_error());
  CHECK(decode_state("", read).has_error());
}
