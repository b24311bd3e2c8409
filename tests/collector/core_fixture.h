#pragma once
// An engine loop and its store without server and timers; the test moves the clock.

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "collector/engine/engine_loop.h"
#include "tests/collector/support.h"
#include "tests/support/manual_clock.h"
#include "wire/remote_write.h"

namespace crmpulse::test {

inline constexpr Duration kSecond{1000};

/// A crash is to drop it.
class Core {
 public:
  /// `patience`: how long a replay may take before the rest is left to engine().catch_up().
  Core(const TempDir& directory, ManualClock& clock, collector::WriteQueue::Written refused = nullptr,
       Duration patience = std::chrono::hours{24})
      : configuration_(configure(directory)), clock_(clock) {
    writer_ = std::make_unique<store::Writer>(store::open_collector(directory.path()).value());
    engine_ = std::make_unique<collector::EngineLoop>(thread_.loop(), *writer_, collector::Clocks{clock_, clock_},
                                                      configuration_, nullptr, std::move(refused));
    engine_->recover(patience).value();
    thread_.begin();
  }
  /// What the loop has still to do must not meet an engine or a store that is gone.
  ~Core() {
    thread_.end();
    writer_.reset();
  }

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
      const auto decoded = decoder_.decode(wire::Version::v1, record.body, engine_->series()).value();
      engine_->fold({record.seq, record.received, {}}, decoded.readings);
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
      thread_.run([&] { idle = engine_->write_queue().idle(); });
      return idle;
    }));
  }
  [[nodiscard]] rules::CrmStatus status() {
    rules::CrmStatus found;
    thread_.run([&] { found = engine_->rules().status("acme").value(); });
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
  std::vector<boost::json::value> timeline(const std::string& incident) {
    settle();
    std::vector<boost::json::value> lines;
    writer_
        ->run([&](store::Database& database) -> Result<void> {
          for (const store::IncidentEvent& event : store::list_events(database, incident, 2000).value())
            lines.push_back(boost::json::parse(event.body));
          return {};
        })
        .value();
    return lines;
  }
  void in_store(const std::function<Result<void>(store::Database&)>& job) { writer_->run(job).value(); }
  void disk_refuses(bool on) {
    writer_
        ->run([on](store::Database& database) -> Result<void> {
          return database.execute(
              on ? "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END"
                 : "DROP TRIGGER full");
        })
        .value();
  }
  [[nodiscard]] collector::WriteQueue::Stats write_queue() {
    collector::WriteQueue::Stats stats;
    thread_.run([&] { stats = engine_->write_queue().stats(); });
    return stats;
  }
  void tick() {
    thread_.run([&] { engine_->tick(); });
  }
  collector::EngineLoop& engine() { return *engine_; }
  LoopThread& thread() { return thread_; }

 private:
  static std::shared_ptr<const collector::Configuration> configure(const TempDir& directory) {
    directory.write("rules.yaml", kQuickRules);
    directory.write("remedies.yaml", kRemedies);
    const std::string file =
        directory.write("collector.yaml", "state_dir: " + directory.path() +
                                              "\nrules: [rules.yaml]\nremedies: [remedies.yaml]\nreceivers:\n"
                                              "  - {name: oncall, type: webhook, url: \"http://127.0.0.1:1/\"}\n");
    auto loaded = collector::load_configuration(file);
    if (!loaded) throw std::runtime_error(to_string(loaded.error()));
    return *loaded;
  }

  std::shared_ptr<const collector::Configuration> configuration_;
  ManualClock& clock_;
  LoopThread thread_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<collector::EngineLoop> engine_;
  wire::Decoder decoder_;
};

}  // namespace crmpulse::test
