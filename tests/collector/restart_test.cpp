// What a stop, a crash and a start leave.

#include <atomic>
#include <catch2/catch.hpp>

#include "collector/snapshot.h"
#include "collector_fixture.h"
#include "core_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

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
    return core.ledger().waiting_messages == 0 && !core.ledger().failing;
  }));
  int opened = 0;
  int resolved = 0;
  for (const store::OutboxRow& row : core.outbox()) {
    if (row.status == store::DeliveryStatus::superseded) continue;
    opened += row.event == "incident.opened" ? 1 : 0;
    resolved += row.event == "incident.resolved" ? 1 : 0;
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
