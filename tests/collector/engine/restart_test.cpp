// What a stop, a crash and a start leave.

#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <map>

#include "collector/state/snapshot.h"
#include "tests/collector/collector_fixture.h"
#include "tests/collector/core_fixture.h"
#include "tests/support/notify_socket.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

const TimePoint kStart = parse_time("2026-11-21T09:00:00Z").value();

/// Journalled, one a second from the clock's time on, and folded by nobody.
void append_latencies(const TempDir& directory, const ManualClock& clock, double seconds, int count) {
  auto database = store::open_collector(directory.path()).value();
  for (int i = 0; i < count; ++i) {
    store::JournalRecord record;
    record.received = clock.now() + i * kSecond;
    record.body = wire::encode(std::vector{
        sample("crm_operation_duration_seconds", "acme", seconds, record.received, {{"operation", "read"}})});
    REQUIRE(store::append(database, record).has_value());
  }
}

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

TEST_CASE("many CRMs are written down in slices, and a crash between two of them loses nothing", "[slow]") {
  constexpr int kCrms = 1200;
  ManualClock clock{kStart};
  const TempDir directory;
  auto core = std::make_unique<Core>(directory, clock);
  const auto send = [&](double seconds) {
    clock.advance(kSecond);
    std::vector<Sample> samples;
    for (int i = 0; i < kCrms; ++i) {
      samples.push_back(sample("crm_operation_duration_seconds", "crm-" + std::to_string(i), i % 3 == 0 ? seconds : 0.2,
                               clock.now(), {{"operation", "read"}}));
    }
    core->write(samples);
  };
  const auto stored = [&core] {
    core->settle();
    std::int64_t states = 0;
    std::string folded;
    core->in_store([&](store::Database& database) -> Result<void> {
      const auto all = store::load_states(database).value();
      const std::int64_t newest = core->engine().folded_seq();
      states = std::count_if(all.begin(), all.end(), [&](const auto& state) { return state.folded_seq == newest; });
      folded = store::get_meta(database, "folded_seq").value().value_or("");
      return {};
    });
    return std::pair{states, folded};
  };
  const auto poor = [&core] {
    std::vector<std::string> names;
    core->thread().run([&] {
      for (const std::string& crm : core->engine().rules().crms()) {
        if (core->engine().rules().status(crm)->state == Level::poor) names.push_back(crm);
      }
    });
    return names;
  };
  for (int i = 0; i < 3; ++i) send(0.2);
  const std::string before = stored().second;
  clock.advance(15 * kSecond);
  core->tick();
  const auto [half, unfinished] = stored();
  CHECK((half >= 500 && half < kCrms));
  CHECK(unfinished == before);
  for (int i = 0; i < 6; ++i) send(5);
  const std::vector<std::string> expected = poor();
  CHECK(expected.size() == kCrms / 3);
  core->settle();
  core.reset();
  core = std::make_unique<Core>(directory, clock);
  CHECK(poor() == expected);
  CHECK(stored().first == kCrms);
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
  append_latencies(directory, clock, 5, 5);
  clock.advance(5 * kSecond);
  Core core{directory, clock};
  CHECK(core.engine().stats().replayed_records >= 5);
  CHECK(core.status().state == Level::poor);
  CHECK(core.outbox().size() == 1);
}

TEST_CASE("what arrives while the journal is replayed is folded once, after what came before it") {
  ManualClock clock{kStart};
  const TempDir directory;
  {
    Core core{directory, clock};
    core.latency(0.2, 5);
    core.settle();
  }
  clock.advance(kSecond);
  append_latencies(directory, clock, 5, 5);
  clock.advance(6 * kSecond);
  Core core{directory, clock, nullptr, Duration{0}};
  REQUIRE(core.engine().recovering());
  // Served meanwhile: the state of before; a slow answer is acknowledged and not judged yet; no tick runs ahead.
  CHECK(core.status().state == Level::healthy);
  const auto accepted = core.engine().counts().accepted;
  core.write({sample("crm_operation_duration_seconds", "acme", 5, clock.now(), {{"operation", "read"}})});
  core.tick();
  CHECK(core.engine().counts().accepted == accepted);
  CHECK(core.status().state == Level::healthy);
  std::string why;
  core.thread().run([&] { core.engine().catch_up([&](const Error& error) { why = error.message; }); });
  REQUIRE(eventually([&] {
    bool done = false;
    core.thread().run([&] { done = !core.engine().recovering(); });
    return done;
  }));
  CHECK(why.empty());
  std::int64_t newest = 0;
  core.in_store([&](store::Database& database) -> Result<void> {
    newest = store::last_seq(database).value();
    return {};
  });
  CHECK(core.engine().folded_seq() == newest);
  const FoldCounts replayed = core.engine().counts();
  CHECK(replayed.accepted >= accepted + 6);
  CHECK(replayed.duplicate == 0);
  CHECK(core.status().state == Level::poor);
  CHECK(core.outbox().size() == 1);
  // From here on it is folded as it comes.
  core.latency(5, 1);
  CHECK(core.engine().counts().accepted == replayed.accepted + 1);
}

TEST_CASE("a batch that was acknowledged before the stop is known again before its record is replayed") {
  ManualClock clock{kStart};
  const TempDir directory;
  {
    Core core{directory, clock};
  }
  {
    auto database = store::open_collector(directory.path()).value();
    store::JournalRecord record;
    record.received = clock.now();
    record.agent = "branch-1";
    record.batch = 7;
    record.body = wire::encode(std::vector{sample("crm_up", "acme", 1, clock.now())});
    REQUIRE(store::append(database, record).has_value());
  }
  Core core{directory, clock, nullptr, Duration{0}};
  REQUIRE(core.engine().recovering());
  AgentRegistry::Batch again{};
  core.thread().run([&] { again = core.engine().agents().begin("branch-1", store::RecordKind::remote_write_1, 7); });
  CHECK(again == AgentRegistry::Batch::duplicate);
}

TEST_CASE("while the disk refuses, judging goes on and no message is lost or out of order") {
  ManualClock clock{kStart};
  const TempDir directory;
  Core core{directory, clock};
  core.latency(0.2, 3);
  core.settle();
  core.disk_refuses(true);
  core.latency(1.5, 5);
  REQUIRE(eventually([&] { return core.write_queue().failing; }));
  core.latency(5, 5);
  core.latency(0.1, 8);
  CHECK(core.status().state == Level::healthy);
  CHECK(core.write_queue().waiting_messages >= 3);
  core.disk_refuses(false);
  REQUIRE(eventually([&] {
    core.tick();
    return !core.write_queue().failing;
  }));
  // Unsent rows are merged by what followed them; the chain ends resolved and in order.
  const auto rows = core.outbox();
  REQUIRE(rows.size() >= 3);
  std::int64_t last = 0;
  for (const store::OutboxRow& row : rows) last = std::max(last, row.seq);
  const auto newest =
      std::find_if(rows.begin(), rows.end(), [last](const store::OutboxRow& row) { return row.seq == last; });
  CHECK(newest->event == Event::resolved);
  CHECK(core.write_queue().waiting_messages == 0);
}

TEST_CASE("what may have been told while the disk refused does not vanish together with its end") {
  ManualClock clock{kStart};
  const TempDir directory;
  std::atomic<int> told{0};
  Core core{directory, clock, [&told](const std::vector<store::OutboxRow>& rows) {
              if (!rows.empty()) ++told;
            }};
  core.latency(0.2, 3);
  core.settle();
  core.disk_refuses(true);
  core.latency(5, 5);
  REQUIRE(eventually([&] {
    core.tick();
    return told > 0;
  }));
  core.latency(0.1, 8);
  CHECK(core.status().state == Level::healthy);
  core.disk_refuses(false);
  REQUIRE(eventually([&] {
    core.tick();
    return core.write_queue().waiting_messages == 0 && !core.write_queue().failing;
  }));
  int opened = 0;
  int resolved = 0;
  for (const store::OutboxRow& row : core.outbox()) {
    if (row.status == store::DeliveryStatus::superseded) continue;
    opened += row.event == Event::opened ? 1 : 0;
    resolved += row.event == Event::resolved ? 1 : 0;
  }
  CHECK(opened == 1);
  CHECK(resolved == 1);
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
  const auto lines = core.timeline(closed[0].id);
  REQUIRE(lines.size() >= 2);
  CHECK(std::count_if(lines.begin(), lines.end(), [](const boost::json::value& line) {
          return line.at("type").as_string() == "state" && line.at("state").as_string() == "resolved";
        }) == 1);
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

TEST_CASE("a state that cannot be read costs its CRM what it knew, and nobody else anything") {
  ManualClock clock{kStart};
  const TempDir directory;
  const auto other = [&](Core& core, double seconds) {
    clock.advance(kSecond);
    core.write({sample("crm_operation_duration_seconds", "other", seconds, clock.now(), {{"operation", "read"}})});
  };
  auto core = std::make_unique<Core>(directory, clock);
  core->latency(0.2, 3);
  core->latency(5, 6);
  for (int i = 0; i < 6; ++i) other(*core, 5);
  CHECK(core->status().state == Level::poor);
  const std::vector<store::OutboxRow> before = core->outbox();
  core->in_store([](store::Database& database) -> Result<void> {
    return database.execute("UPDATE engine_state SET blob = substr(blob, 1, length(blob) - 9) WHERE crm = 'acme'");
  });
  core.reset();

  core = std::make_unique<Core>(directory, clock);
  CHECK(store::damaged_files(directory.path()) == 1);
  core->thread().run([&] { CHECK(core->engine().rules().status("other")->state == Level::poor); });
  CHECK(core->outbox().size() == before.size());
  core->latency(5, 6);
  CHECK(core->status().state == Level::poor);
  CHECK(core->outbox().size() == before.size());
  core->latency(0.2, 8);
  const std::vector<store::OutboxRow> after = core->outbox();
  std::map<std::int64_t, std::string> about;
  for (const store::OutboxRow& row : after) {
    if (row.dedup_key == "crm/acme") CHECK(about.emplace(row.seq, row.event.text()).second);
  }
  CHECK(about == std::map<std::int64_t, std::string>{{1, "incident.opened"}, {2, "incident.resolved"}});
  core->settle();
  core.reset();
  core = std::make_unique<Core>(directory, clock);
  CHECK(core->status().state == Level::healthy);
}

namespace {

/// Changes one byte of a CRM's stored state so that it can still be decoded.
void change_a_byte(Core& core, const std::string& crm) {
  core.in_store([&](store::Database& database) -> Result<void> {
    for (store::StoredState& state : store::load_states(database).value()) {
      if (state.crm != crm) continue;
      const std::size_t kind = state.blob.rfind("tryton");
      REQUIRE(kind != std::string::npos);
      state.blob[kind] = 'T';
      CrmFacts facts;
      REQUIRE(decode_state(state.blob, facts).has_value());
      auto row = database.prepare("UPDATE engine_state SET blob = ? WHERE crm = ?").value();
      row.bind_blob(1, state.blob);
      row.bind(2, std::string_view{crm});
      return row.run();
    }
    return Error{"no such state"};
  });
}

}  // namespace

TEST_CASE(
    "a byte of a stored state that has changed is found though it can be decoded: its CRM begins anew, told once") {
  ManualClock clock{kStart};
  const TempDir directory;
  auto core = std::make_unique<Core>(directory, clock);
  core->latency(0.2, 3);
  core->latency(5, 6);
  const std::vector<store::OutboxRow> before = core->outbox();
  change_a_byte(*core, "acme");
  core.reset();
  core = std::make_unique<Core>(directory, clock);
  CHECK(store::damaged_files(directory.path()) == 1);
  core->latency(5, 6);
  CHECK(core->status().state == Level::poor);
  CHECK(core->outbox().size() == before.size());
  core->latency(0.2, 8);
  CHECK(core->outbox().front().event == Event::resolved);
  core->settle();
  core.reset();
  core = std::make_unique<Core>(directory, clock);
  CHECK(store::damaged_files(directory.path()) == 1);
  CHECK(core->status().state == Level::healthy);
}

TEST_CASE("a stored number of folded records that has changed keeps no CRM from being judged") {
  ManualClock clock{kStart};
  const TempDir directory;
  auto core = std::make_unique<Core>(directory, clock);
  core->latency(5, 6);
  core->settle();
  core->in_store([](store::Database& database) {
    return database.execute("UPDATE engine_state SET folded_seq = folded_seq + 1000000000");
  });
  core.reset();
  core = std::make_unique<Core>(directory, clock);
  core->latency(0.2, 8);
  CHECK(core->status().state == Level::healthy);
}

TEST_CASE("a stored state whose name has changed brings no CRM that nobody watches") {
  ManualClock clock{kStart};
  const TempDir directory;
  auto core = std::make_unique<Core>(directory, clock);
  core->latency(0.2, 6);
  core->settle();
  core->in_store([](store::Database& database) {
    return database.execute("UPDATE engine_state SET crm = 'acne' WHERE crm = 'acme'");
  });
  core.reset();
  core = std::make_unique<Core>(directory, clock);
  core->latency(0.2, 6);
  core->thread().run([&] { CHECK(core->engine().rules().crms() == std::vector<std::string>{"acme"}); });
  core->settle();
  core.reset();
  core = std::make_unique<Core>(directory, clock);
  CHECK(store::damaged_files(directory.path()) == 1);
}

TEST_CASE("what was stored of agents and vendors has one changed byte: they begin anew") {
  ManualClock clock{kStart};
  const TempDir directory;
  auto core = std::make_unique<Core>(directory, clock);
  core->latency(5, 6);
  core->settle();
  core->in_store([](store::Database& database) {
    return database.execute(
        "UPDATE meta SET value = replace(value, 'branch-1', 'branch-2') WHERE name = 'engine_shared'");
  });
  core.reset();
  core = std::make_unique<Core>(directory, clock);
  CHECK(store::damaged_files(directory.path()) == 1);
  CHECK(core->status().state == Level::poor);
}

TEST_CASE("what was stored of agents and vendors is damaged: they begin anew") {
  ManualClock clock{kStart};
  const TempDir directory;
  auto core = std::make_unique<Core>(directory, clock);
  core->latency(5, 6);
  core->settle();
  core->in_store([](store::Database& database) -> Result<void> {
    const std::string shared = store::get_meta(database, "engine_shared").value().value();
    return store::set_meta(database, "engine_shared", shared.substr(0, 5));
  });
  core.reset();
  core = std::make_unique<Core>(directory, clock);
  CHECK(store::damaged_files(directory.path()) == 1);
  CHECK(core->status().state == Level::poor);
}

TEST_CASE("a state of another version is not touched: the start is refused") {
  ManualClock clock{kStart};
  const TempDir directory;
  auto core = std::make_unique<Core>(directory, clock);
  core->latency(0.2, 3);
  core->settle();
  const auto set_version = [&](const char* version) {
    core->in_store([&](store::Database& database) -> Result<void> {
      return database.execute(fmt::format(
          "UPDATE engine_state SET checksum = NULL, blob = CAST(X'{}' || substr(blob, 2) AS BLOB)", version));
    });
  };
  set_version("7f");
  core.reset();
  CHECK_THROWS_WITH((Core{directory, clock}), Catch::Contains("acme is of another version"));
  CHECK(store::damaged_files(directory.path()) == 0);
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

TEST_CASE("while a long journal is replayed the service manager hears that it goes on", "[slow]") {
  const std::string name = fmt::format("@crmpulse-replay-{}", ::getpid());
  const NotifySocket manager{name};
  const Environment notify{"NOTIFY_SOCKET", name};
  const Environment watchdog{"WATCHDOG_USEC", "30000000"};
  RunningCollector running;
  const auto next = [&] {
    std::string message = manager.next();
    REQUIRE(message != "nothing came");
    return message;
  };
  const auto recovers = [&] { return send({"POST", running.base() + "/-/reload", {}, ""}).status == 503; };
  // Signs come once a second, so the journal has to take longer than that, however fast this machine is.
  int signs = 0;
  for (int records = 100; signs == 0 && records <= 3200; records *= 2) {
    running.stop();
    {
      auto database = store::open_collector(running.directory().path("state")).value();
      std::vector<Sample> samples;
      for (int i = 0; i < 2000; ++i)
        samples.push_back(sample("crm_operation_duration_seconds", fmt::format("crm-{}", i % 100), 0.2, running.now(),
                                 {{"operation", fmt::format("op-{}", i)}}));
      for (int record = 0; record < records; ++record) {
        for (Sample& one : samples) one.at += kSecond / 1000;
        store::JournalRecord written;
        written.received = running.now();
        written.body = wire::encode(samples);
        REQUIRE(store::append(database, written).has_value());
      }
    }
    running.start();
    for (std::string message; message != "WATCHDOG=1" || recovers();) {
      message = next();
      if (message == "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=30000000") ++signs;
    }
  }
  CHECK(signs > 0);
}
