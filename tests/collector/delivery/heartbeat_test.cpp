// The dead-man's switch hears from us exactly as long as alerts would get out.

#include <catch2/catch.hpp>

#include <set>

#include "collector/delivery/heartbeat.h"
#include "tests/collector/delivery/delivery_bench.h"
#include "wire/remote_write.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

/// Engine, notifier and heartbeat as the collector runs them, on a clock of our own.
class Bench {
 public:
  Bench(const std::string& receivers, const std::string& more) {
    directory_.write("rules.yaml", kQuickRules);
    directory_.write("remedies.yaml", kRemedies);
    const std::string file = directory_.write(
        "collector.yaml", fmt::format("state_dir: {}\nrules: [rules.yaml]\nremedies: [remedies.yaml]\nreceivers:\n{}{}",
                                      directory_.path("state"), receivers, more));
    auto loaded = load_configuration(file);
    if (!loaded) throw std::runtime_error(to_string(loaded.error()));
    configuration_ = *loaded;
    writer_ = std::make_unique<store::Writer>(store::open_collector(directory_.path()).value());
    const Clocks clocks{clock_, clock_};
    engine_ = std::make_unique<EngineLoop>(
        thread_.loop(), *writer_, clocks, configuration_,
        [this](const std::vector<store::OutboxRow>& rows) { notifier_->wake(rows); },
        [this](const std::vector<store::OutboxRow>& rows) { notifier_->send_unstored(rows); });
    notifier_ = std::make_unique<Notifier>(thread_.loop(), *writer_, clocks, Clients{http_, mail_}, configuration_);
    heartbeat_ = std::make_unique<Heartbeat>(thread_.loop(), *writer_, clocks, *engine_, *notifier_);
    engine_->recover().value();
    thread_.begin();
  }
  ~Bench() {
    thread_.loop().stop();
    thread_.join();
    writer_.reset();
  }

  /// Seconds pass one by one, each with its tick; of what was sent the answers are in.
  void pass(Duration time, bool stepped = true) {
    for (Duration passed{}; passed < time; passed += 1s) {
      thread_.run([&] {
        clock_.advance(1s);
        if (stepped) engine_->tick();
        notifier_->tick();
        heartbeat_->tick(configuration_->settings);
      });
      const bool settled = eventually([&] {
        bool idle = false;
        thread_.run([&] { idle = notifier_->in_flight() == 0; });
        // Behind everything that was submitted before.
        writer_->run([](store::Database&) -> Result<void> { return {}; }).value();
        thread_.run([&] { idle = idle && notifier_->in_flight() == 0; });
        return idle;
      });
      REQUIRE(settled);
    }
  }
  /// `latency` of a CRM, a sample each second.
  void measure(double seconds, int count) {
    for (int i = 0; i < count; ++i) {
      thread_.run([&] {
        const std::string body =
            wire::encode(std::vector{sample("crm_operation_duration_seconds", "acme", seconds, clock_.now())});
        const auto decoded = decoder_.decode(wire::Version::v1, body, engine_->series()).value();
        engine_->fold({++seq_, clock_.now(), {}}, decoded.readings);
      });
      pass(1s);
    }
  }
  void sql(const std::string& text) {
    writer_->run([&](store::Database& database) { return database.execute(text); }).value();
  }
  /// What would be stored is refused, as by a full disk.
  void disk_full(bool full) {
    for (const char* table : {"meta", "outbox", "engine_state"}) {
      sql(full
              ? fmt::format("CREATE TEMP TRIGGER full_{0} BEFORE INSERT ON main.{0} BEGIN SELECT RAISE(ABORT, 'full'); "
                            "END",
                            table)
              : fmt::format("DROP TRIGGER full_{}", table));
    }
  }
  [[nodiscard]] bool held() {
    bool held = false;
    thread_.run([&] { held = heartbeat_->stats().held; });
    return held;
  }
  [[nodiscard]] bool disk_refuses() {
    bool failing = false;
    thread_.run([&] { failing = engine_->write_queue().stats().failing; });
    return failing;
  }

 private:
  TempDir directory_;
  ManualClock clock_{from_unix_millis(1'795'000'000'000)};
  LoopThread thread_;
  net::HttpClient http_;
  net::MailClient mail_;
  std::shared_ptr<const Configuration> configuration_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<EngineLoop> engine_;
  std::unique_ptr<Notifier> notifier_;
  std::unique_ptr<Heartbeat> heartbeat_;
  wire::Decoder decoder_;
  std::int64_t seq_ = 0;
};

std::string receiver(const std::string& name, const std::string& url) {
  return fmt::format("  - {{name: {}, type: webhook, url: \"{}\"}}\n", name, url);
}

const char* const kBeat = "heartbeat: {receiver: deadman, interval: 60s}\n";

std::set<std::string> types(const Sink& sink) {
  std::set<std::string> out;
  for (const net::HttpRequest& request : sink.requests())
    out.insert(std::string{boost::json::parse(request.body).at("type").as_string()});
  return out;
}

}  // namespace

TEST_CASE("a heartbeat each interval, and nothing else to the dead-man's switch") {
  Sink deadman;
  Sink oncall;
  Bench bench{receiver("deadman", deadman.url()) + receiver("oncall", oncall.url()), kBeat};
  bench.pass(5s);
  CHECK(deadman.requests().size() == 1);
  bench.measure(5, 6);
  bench.pass(3min);
  CHECK(deadman.requests().size() >= 3);
  CHECK(deadman.requests().size() <= 4);
  CHECK(types(deadman) == std::set<std::string>{"heartbeat"});
  CHECK(types(oncall).contains("incident.opened"));
  CHECK_FALSE(types(oncall).contains("heartbeat"));
  CHECK_FALSE(bench.held());
}

TEST_CASE("case 95: the disk is full: alerts still go out, once, and the heartbeat stops until it takes writes again") {
  Sink deadman;
  Sink oncall;
  Bench bench{receiver("deadman", deadman.url()) + receiver("oncall", oncall.url()), kBeat};
  bench.measure(0.2, 3);
  bench.pass(20s);
  const std::size_t before = deadman.requests().size();
  bench.disk_full(true);
  bench.pass(16s);
  CHECK(bench.disk_refuses());
  bench.measure(5, 6);
  REQUIRE(oncall.requests().size() == 1);
  CHECK(types(oncall) == std::set<std::string>{"incident.opened"});
  bench.pass(3min);
  CHECK(bench.held());
  CHECK(deadman.requests().size() == before);

  bench.disk_full(false);
  bench.pass(2s);
  CHECK_FALSE(bench.disk_refuses());
  bench.pass(61s);
  CHECK(deadman.requests().size() > before);
  CHECK_FALSE(bench.held());
  std::size_t opened = 0;
  for (const net::HttpRequest& request : oncall.requests())
    opened += boost::json::parse(request.body).at("type") == "incident.opened" ? 1U : 0U;
  CHECK(opened == 1);
}

TEST_CASE("no heartbeat while the rules are not evaluated") {
  Sink deadman;
  Bench bench{receiver("deadman", deadman.url()), kBeat};
  bench.pass(5s);
  // The one that is due next still tells of the steps before.
  bench.pass(61s, false);
  const std::size_t before = deadman.requests().size();
  bench.pass(3min, false);
  CHECK(deadman.requests().size() == before);
  CHECK(bench.held());
  bench.pass(61s);
  CHECK(deadman.requests().size() == before + 1);
}

TEST_CASE("a message that waits five minutes and nobody heard stops the heartbeat, heard elsewhere it does not") {
  Sink deadman;
  Sink chat;
  SECTION("the only receiver is dead") {
    Bench bench{receiver("deadman", deadman.url()) + receiver("oncall", "http://127.0.0.1:1/"), kBeat};
    bench.measure(5, 6);
    bench.pass(4min);
    CHECK_FALSE(bench.held());
    bench.pass(3min);
    CHECK(bench.held());
  }
  SECTION("another was told the same") {
    Bench bench{
        receiver("deadman", deadman.url()) + receiver("oncall", "http://127.0.0.1:1/") + receiver("chat", chat.url()),
        kBeat};
    bench.measure(5, 6);
    bench.pass(8min);
    CHECK_FALSE(bench.held());
    CHECK(types(chat).contains("incident.opened"));
  }
}

TEST_CASE("a dead dead-man's switch is nobody else's news, and what it missed is not sent later") {
  Sink deadman{{{500, {}, ""}, {500, {}, ""}}};
  Sink oncall;
  Bench bench{receiver("deadman", deadman.url()) + receiver("oncall", oncall.url()), kBeat};
  bench.pass(130s);
  std::set<std::string> ids;
  for (const net::HttpRequest& request : deadman.requests()) ids.insert(std::string{request.header("webhook-id")});
  CHECK(ids.size() <= 3);
  CHECK(oncall.requests().empty());
}

TEST_CASE("a heartbeat to nobody is refused") {
  CHECK_THROWS_WITH((Bench{receiver("oncall", "http://127.0.0.1:1/"), kBeat}), Contains("no receiver 'deadman'"));
}
