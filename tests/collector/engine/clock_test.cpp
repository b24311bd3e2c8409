// The collector's own clock was wrong, or is put right while it runs.

#include <algorithm>
#include <catch2/catch.hpp>

#include "collector/suppression/text.h"
#include "tests/collector/collector_fixture.h"
#include "tests/collector/core_fixture.h"
#include "tests/support/captured_log.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

const TimePoint kStart = parse_time("2026-11-21T09:00:00Z").value();

std::vector<std::string> events(Core& core) {
  std::vector<std::string> all;
  for (const store::OutboxRow& row : core.outbox()) all.emplace_back(row.event.text());
  return all;
}

bool told(Core& core, std::string_view event) {
  const std::vector<std::string> all = events(core);
  return std::find(all.begin(), all.end(), event) != all.end();
}

double metric(const RunningCollector& running, const std::string& name) {
  const std::string text = running.get("/metrics").body;
  const auto place = text.find("\n" + name + " ");
  return place == std::string::npos ? -1 : std::stod(text.substr(place + name.size() + 2));
}

}  // namespace

TEST_CASE("a clock that was ahead once does no harm after the next restart", "[slow]") {
  for (const Duration ahead : {Duration{8h}, Duration{24h * 365}, Duration{3min}}) {
    for (const bool crash : {false, true}) {
      INFO(format_duration(ahead) << (crash ? " crash" : " stop"));
      const TempDir directory;
      ManualClock clock{kStart + ahead};
      auto core = std::make_unique<Core>(directory, clock);
      core->latency(0.2, 8);
      core->settle();
      if (!crash) REQUIRE(core->engine().close().has_value());
      core.reset();
      clock.set(kStart + 10min);
      core = std::make_unique<Core>(directory, clock);
      CHECK(core->engine().stats().stored_ahead > ahead - 11min);
      core->latency(0.2, 3);
      CHECK(core->engine().counts().late == 0);
      CHECK(core->status().data_status == DataStatus::fresh);
      core->latency(5, 8);
      CHECK(core->status().state == Level::poor);
      CHECK(told(*core, "incident.opened"));
      // Somebody hears of the clock, in time for a network that sets it to do so first.
      core->latency(5, 30);
      CHECK(told(*core, "collector.trouble") == (ahead > 11min));
      for (const store::OutboxRow& row : core->outbox()) CHECK(row.created <= clock.now());
    }
  }
}

TEST_CASE("what is told of a clock that was ahead has an end, over a restart too") {
  for (const bool restart : {false, true}) {
    const TempDir directory;
    ManualClock clock{kStart + 8h};
    auto core = std::make_unique<Core>(directory, clock);
    core->latency(0.2, 3);
    core->settle();
    core.reset();
    clock.set(kStart);
    core = std::make_unique<Core>(directory, clock);
    core->latency(0.2, 40);
    REQUIRE(told(*core, "collector.trouble"));
    if (restart) {
      core.reset();
      core = std::make_unique<Core>(directory, clock);
    }
    core->latency(0.2, 5);
    CHECK_FALSE(told(*core, "collector.recovered"));
    for (int minute = 0; minute < 40; ++minute) {
      clock.advance(60s);
      core->tick();
    }
    const std::vector<std::string> all = events(*core);
    CHECK(std::count(all.begin(), all.end(), "collector.trouble") == 1);
    CHECK(std::count(all.begin(), all.end(), "collector.recovered") == 1);
  }
}

TEST_CASE("an incident that a clock ahead opened goes on at its level after the restart, and is resolved once") {
  const TempDir directory;
  ManualClock clock{kStart + 8h};
  auto core = std::make_unique<Core>(directory, clock);
  core->latency(0.2, 5);
  core->latency(5, 8);
  REQUIRE(core->status().state == Level::poor);
  core->settle();
  core.reset();
  clock.set(kStart + 1min);
  core = std::make_unique<Core>(directory, clock);
  CHECK(core->status().state == Level::poor);
  CHECK(core->status().incident->opened <= clock.now());
  core->latency(5, 5);
  core->latency(0.2, 20);
  CHECK(core->status().state == Level::healthy);
  int opened = 0;
  int resolved = 0;
  for (const std::string& event : events(*core)) {
    opened += event == "incident.opened" ? 1 : 0;
    resolved += event == "incident.resolved" ? 1 : 0;
  }
  CHECK(opened == 1);
  CHECK(resolved == 1);
}

TEST_CASE("a clock far ahead of all that is known deletes nothing for a day", "[slow]") {
  const TempDir directory;
  ManualClock clock{kStart};
  auto core = std::make_unique<Core>(directory, clock);
  core->latency(5, 8);
  core->latency(0.2, 20);
  core->settle();
  REQUIRE(core->incidents().size() == 1);
  core.reset();
  clock.set(kStart + 24h * 1000);
  core = std::make_unique<Core>(directory, clock);
  CHECK(core->engine().retention_held() > Duration{24h * 999});
  const auto pass = [&](Duration time) {
    for (Duration passed{}; passed < time; passed += 1min) {
      clock.advance(1min);
      core->tick();
    }
    core->settle();
  };
  pass(5min);
  CHECK(core->incidents().size() == 1);
  // A restart does not shorten that day, and does not begin it anew.
  core.reset();
  core = std::make_unique<Core>(directory, clock);
  pass(23h);
  CHECK(core->incidents().size() == 1);
  CHECK(core->engine().retention_held() > Duration{});
  pass(1h);
  CHECK(core->engine().retention_held() == Duration{});
  CHECK(eventually([&] {
    pass(1min);
    return core->incidents().empty();
  }));
}

TEST_CASE("a collector that was off for some hours holds nothing back") {
  const TempDir directory;
  ManualClock clock{kStart};
  auto core = std::make_unique<Core>(directory, clock);
  core->latency(0.2, 5);
  core->settle();
  core.reset();
  clock.advance(20h);
  core = std::make_unique<Core>(directory, clock);
  CHECK(core->engine().retention_held() == Duration{});
  CHECK(core->engine().stats().stored_ahead == Duration{});
}

TEST_CASE("case 108: a wall clock set three hours ahead is followed at once, by windows and by messages", "[slow]") {
  Sink sink;
  CollectorFiles files;
  files.receivers = fmt::format("  - {{name: oncall, type: webhook, url: \"{}\"}}\n", sink.url());
  RunningCollector running{files};
  REQUIRE(running.write_latency("acme", 0.2) == 204);
  const TimePoint before = running.now();
  Call call{"POST",
            running.base() + "/api/v1/maintenance",
            {{"Content-Type", "application/json"}},
            fmt::format(
                R"({{"matchers":{{"crm":["acme"]}},"starts_at":"{}","ends_at":"{}","author":"ana","comment":"move"}})",
                format_time(before + 2h), format_time(before + 4h))};
  REQUIRE(send(call).status == 201);
  const auto status = [&] {
    return std::string{running.get_json("/api/v1/maintenance").at("maintenance").at(0).at("status").as_string()};
  };
  CHECK(status() == "pending");
  running.wall().step(3h);
  CHECK(eventually([&] { return status() == "active"; }));
  CHECK(metric(running, "crmpulse_collector_clock_steps_total") == 1);
  CHECK(metric(running, R"(crm_health_level{crm="acme",kind="tryton"})") == 0);
  // Back again: what fails now is told with the time of now.
  running.wall().step(-3h);
  CHECK(eventually([&] { return status() == "pending"; }));
  REQUIRE(running.write_latency("beta", 5) == 204);
  REQUIRE(eventually([&] { return !sink.requests().empty(); }));
  const json::value body = json::parse(sink.requests().front().body);
  const TimePoint at = parse_time(std::string_view{body.at("at").as_string()}).value();
  CHECK(at >= before);
  CHECK(at < before + 1h);
}

TEST_CASE("a clock that is set is told in the log once, by how much and what it shows, and business hours follow it",
          "[slow]") {
  const CapturedLog log;
  CollectorFiles files;
  const TimePoint begun = wall_now();
  const auto clock_at = [&](Duration ahead) { return format_time(begun + ahead).substr(11, 5); };
  files.rules = fmt::format("{}    active: {{days: mon-sun, hours: \"{}-{}\", tz: UTC}}\n", files.rules, clock_at(3h),
                            clock_at(5h));
  RunningCollector running{files};
  REQUIRE(running.write_latency("acme", 5) == 204);
  CHECK(running.state_of("acme") == "unknown");  // closed: nothing is judged
  running.wall().step(4h);
  REQUIRE(eventually([&] { return metric(running, "crmpulse_collector_clock_steps_total") == 1; }));
  CHECK(log.lines(" warning ", "by_seconds=14400", "now=20") == 1);
  CHECK(log.lines("by_seconds=") == 1);
  // Later than what came before the step, which moved with it.
  std::vector<Sample> samples;
  for (int i = 1; i <= 6; ++i) {
    samples.push_back(sample("crm_operation_duration_seconds", "acme", 5, wall_now() + 4h + std::chrono::seconds{i},
                             {{"operation", "read"}}));
  }
  REQUIRE(send(write_call(running.base(), wire::encode(samples))).status == 204);
  CHECK(eventually([&] { return running.state_of("acme") == "poor"; }));
}

TEST_CASE("a stored time that is ahead, and a clock far ahead of what is stored, are told in the log of a start") {
  const TempDir directory;
  ManualClock clock{kStart + 8h};
  {
    const CapturedLog log;
    Core core{directory, clock};
    core.latency(0.2, 5);
    core.settle();
    CHECK(log.lines("ahead_seconds=") == 0);
  }
  clock.set(kStart);
  {
    const CapturedLog log;
    Core core{directory, clock};
    CHECK(log.lines(" error ", "ahead_seconds=2880", "newest=2026-11-21T17:00", "clock=2026-11-21T09:00") == 1);
    core.latency(0.2, 5);
    core.settle();
  }
  clock.set(kStart + 24h * 400);
  const CapturedLog log;
  Core core{directory, clock};
  CHECK(log.lines(" error ", "ahead_seconds=345", "until=2027-12-27T09:00") == 1);
  for (int hour = 0; hour < 25; ++hour) {
    clock.advance(1h);
    core.tick();
  }
  CHECK(log.lines(" warning ", "deleted by age again") == 1);
}

TEST_CASE("messages carry the time of the clock that was put right", "[slow]") {
  Sink sink;
  CollectorFiles files;
  files.receivers = fmt::format("  - {{name: oncall, type: webhook, url: \"{}\"}}\n", sink.url());
  RunningCollector running{files};
  const TimePoint before = running.now();
  double steps = 0;
  for (const Duration by : {Duration{5h}, Duration{-24h * 30}}) {
    running.wall().step(by);
    ++steps;
    REQUIRE(eventually([&] { return metric(running, "crmpulse_collector_clock_steps_total") == steps; }));
  }
  const Duration off = 5h - 24h * 30;
  std::vector<Sample> samples;
  for (int i = 5; i >= 0; --i) {
    samples.push_back(sample("crm_operation_duration_seconds", "acme", 5, before + off + std::chrono::seconds{10 - i},
                             {{"operation", "read"}}));
  }
  REQUIRE(send(write_call(running.base(), wire::encode(samples))).status == 204);
  REQUIRE(eventually([&] { return !sink.requests().empty(); }));
  const json::value body = json::parse(sink.requests().front().body);
  const TimePoint at = parse_time(std::string_view{body.at("at").as_string()}).value();
  CHECK(std::chrono::abs(at - (before + off)) < Duration{10min});
}

TEST_CASE("what waits in the outbox stays as old as it is when the clock is put right") {
  const TempDir directory;
  ManualClock clock{kStart};
  Core core{directory, clock};
  core.latency(0.2, 5);
  core.latency(5, 8);
  core.settle();
  const auto before = core.outbox();
  REQUIRE(before.size() == 1);
  for (const Duration by : {Duration{-6h}, Duration{9h}}) {
    clock.advance(by);
    core.thread().run([&] { core.engine().clock_stepped(by); });
    core.settle();
  }
  const auto after = core.outbox();
  REQUIRE(after.size() == 1);
  CHECK(after[0].created == before[0].created + 3h);
  CHECK(after[0].not_before == before[0].not_before + 3h);
}

TEST_CASE("a silence for the next two hours lasts two hours, however the clock is set") {
  const TempDir directory;
  ManualClock clock{kStart};
  Core core{directory, clock};
  core.latency(0.2, 5);
  Suppression silence;
  silence.id = "s1";
  silence.author = "ana";
  silence.comment = "moving house";
  silence.matchers = {{"crm", {"acme"}}};
  silence.created = silence.starts = clock.now();
  silence.ends = clock.now() + 2h;
  core.in_store([&](store::Database& database) { return store::save_suppression(database, to_stored(silence)); });
  core.thread().run([&] { core.engine().add(silence); });
  clock.advance(-8h);
  core.thread().run([&] { core.engine().clock_stepped(-8h); });
  core.latency(5, 10);
  CHECK(core.outbox().empty());
  clock.advance(2h);
  core.latency(5, 5);
  CHECK(told(core, "incident.opened"));
}
