// Which silences and maintenance windows hold, for which CRMs, and what restarts and replays make of them.

#include "collector/suppression/operations.h"

#include "collector/suppression/text.h"
#include "rules/time/schedule.h"
#include "tests/collector/core_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

using Kind = Suppression::Kind;

const TimePoint kStart = parse_time("2026-11-21T09:00:00Z").value();

Suppression suppression(const std::string& id, const std::string& crm, TimePoint from, std::optional<TimePoint> to,
                        Kind kind = Kind::silence) {
  Suppression made;
  made.id = id;
  made.kind = kind;
  made.matchers = {{"crm", {crm}}};
  made.created = made.starts = from;
  made.ends = to;
  made.author = "ana";
  made.comment = "moving house";
  return made;
}

rules::Engine engine_with(const std::vector<std::string>& crms) {
  rules::Engine engine{{}, {}};
  for (const std::string& crm : crms) (void)engine.bind("crm_up", Labels{{"crm", crm}, {"kind", "odoo"}});
  return engine;
}

std::string text(const Operations::Applied& applied) {
  std::string out;
  for (const Operations::Switched& one : applied.switched) out += (one.on ? "+" : "-") + one.crm + ":" + one.id + " ";
  return out;
}

void add(Core& core, const Suppression& made) {
  core.in_store([&](store::Database& database) { return store::save_suppression(database, to_stored(made)); });
  core.thread().run([&] { core.engine().add(made); });
}

std::vector<std::string> events_of(std::vector<store::OutboxRow> rows) {
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.seq < b.seq; });
  std::vector<std::string> events;
  for (const store::OutboxRow& row : rows) events.emplace_back(row.event.text());
  return events;
}

int lines_of(Core& core, std::string_view type) {
  int count = 0;
  for (const auto& line : core.timeline(core.incidents().at(0).id)) {
    if (line.at("type").as_string() == type) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("a silence holds from its start to just before its end") {
  const Suppression silence = suppression("a", "acme", kStart, kStart + 10s);
  CHECK_FALSE(silence.holds_at(kStart - 1ms));
  CHECK(silence.holds_at(kStart));
  CHECK_FALSE(silence.holds_at(kStart + 10s));
  CHECK(silence.next_switch(kStart - 5s) == kStart);
  CHECK(silence.next_switch(kStart) == kStart + 10s);
  CHECK(silence.next_switch(kStart + 10s) == TimePoint::max());
  CHECK(silence.phase_at(kStart - 1s) == Suppression::Phase::pending);
  CHECK(silence.phase_at(kStart) == Suppression::Phase::active);
  CHECK(silence.phase_at(kStart + 10s) == Suppression::Phase::expired);
}

TEST_CASE("weekly maintenance holds in its hours, between its first and its last day") {
  Suppression weekly = suppression("m", "acme", kStart, kStart + 24h * 10, Kind::maintenance);
  weekly.weekly = ActiveHours{};
  weekly.weekly->days = 1U << 5;  // Saturdays; kStart is one
  weekly.weekly->from = 8h;
  weekly.weekly->to = 10h;
  CHECK_FALSE(weekly.holds_at(kStart - 30min));
  CHECK(weekly.holds_at(kStart));
  CHECK(weekly.next_switch(kStart) == kStart + 1h);
  CHECK(weekly.phase_at(kStart + 2h) == Suppression::Phase::pending);
  CHECK(weekly.next_switch(kStart + 1h) == kStart + 24h * 7 - 1h);
  CHECK(weekly.holds_at(kStart + 24h * 7));
  CHECK(weekly.next_switch(kStart + 24h * 7 + 1h) == kStart + 24h * 10);
  CHECK(weekly.phase_at(kStart + 24h * 10) == Suppression::Phase::expired);
}

TEST_CASE("marks reach matching CRMs, new ones too, at every switch, and nothing is done between") {
  rules::Engine engine = engine_with({"acme", "beta"});
  Operations operations;
  operations.add(suppression("a", "acme", kStart + 10s, kStart + 20s));
  Suppression kind = suppression("k", "", kStart + 15s, kStart + 30s, Kind::maintenance);
  kind.matchers = {{"kind", {"salesforce", "odoo"}}};
  operations.add(kind);
  CHECK(text(operations.apply(engine, kStart)).empty());
  CHECK(text(operations.apply(engine, kStart + 9s)).empty());
  CHECK(text(operations.apply(engine, kStart + 10s)) == "+acme:a ");
  CHECK(engine.marks("acme")->silenced);
  CHECK_FALSE(engine.marks("beta")->silenced);
  CHECK(text(operations.apply(engine, kStart + 16s)) == "+acme:k +beta:k ");
  CHECK(operations.in_effect("acme").size() == 2);

  (void)engine.bind("crm_up", Labels{{"crm", "gamma"}, {"kind", "odoo"}});
  CHECK(text(operations.apply(engine, kStart + 17s)).empty());
  operations.look_at("gamma");
  CHECK(text(operations.apply(engine, kStart + 17s)) == "+gamma:k ");
  CHECK(engine.marks("gamma")->maintenance);

  CHECK(text(operations.apply(engine, kStart + 20s)) == "-acme:a ");
  CHECK_FALSE(engine.marks("acme")->silenced);
  operations.end("k", kStart + 21s);
  CHECK(text(operations.apply(engine, kStart + 21s)) == "-acme:k -beta:k -gamma:k ");
  CHECK_FALSE(engine.marks("gamma")->maintenance);
}

TEST_CASE("the minutes of maintenance that an error budget leaves out are those of the window, also after a stop") {
  rules::Engine engine = engine_with({"acme"});
  engine.set_maintenance("acme", true, kStart);  // as saved before the stop
  Operations operations;
  operations.add(suppression("m", "acme", kStart, kStart + 1h, Kind::maintenance));
  const Operations::Applied ended = operations.apply(engine, kStart + 3h);
  REQUIRE(ended.maintained.size() == 1);
  CHECK_FALSE(ended.maintained[0].on);
  CHECK(ended.maintained[0].at == kStart + 1h);

  Suppression weekly = suppression("w", "acme", kStart - 24h * 30, {}, Kind::maintenance);
  weekly.weekly = ActiveHours{};
  weekly.weekly->from = 11h;
  weekly.weekly->to = 12h;
  operations.add(weekly);
  CHECK(operations.apply(engine, kStart + 4h).maintained.empty());
  CHECK(operations.apply(engine, kStart + 24h).maintained.empty());
  const Operations::Applied began = operations.apply(engine, kStart + 26h + 30min);
  REQUIRE(began.maintained.size() == 1);
  CHECK(began.maintained[0].on);
  CHECK(began.maintained[0].at == kStart + 26h);
  const Operations::Applied over = operations.apply(engine, kStart + 24h * 5);
  REQUIRE(over.maintained.size() == 1);
  CHECK(over.maintained[0].at == kStart + 24h * 4 + 3h);
}

TEST_CASE("two silences over one CRM end with the later one") {
  rules::Engine engine = engine_with({"acme"});
  Operations operations;
  operations.add(suppression("a", "acme", kStart, kStart + 10s));
  operations.add(suppression("b", "acme", kStart, kStart + 20s));
  operations.apply(engine, kStart);
  operations.apply(engine, kStart + 10s);
  CHECK(engine.marks("acme")->silenced);
  operations.apply(engine, kStart + 20s);
  CHECK_FALSE(engine.marks("acme")->silenced);
}

TEST_CASE("whether a CRM was in maintenance can be asked of the past two days") {
  Operations operations;
  operations.add(suppression("m", "acme", kStart, kStart + 1h, Kind::maintenance));
  operations.add(suppression("s", "acme", kStart, kStart + 5h));
  const Labels acme{{"crm", "acme"}};
  rules::Engine engine = engine_with({"acme"});
  operations.apply(engine, kStart + 47h);
  CHECK(operations.in_maintenance(acme, kStart + 30min));
  CHECK_FALSE(operations.in_maintenance(acme, kStart + 1h));
  CHECK_FALSE(operations.in_maintenance(Labels{{"crm", "beta"}}, kStart + 30min));
}

TEST_CASE("windows of the configuration are replaced, those of operators stay") {
  rules::Engine engine = engine_with({"acme"});
  Operations operations;
  Suppression configured = suppression("config-1", "acme", TimePoint{}, {}, Kind::maintenance);
  configured.weekly = ActiveHours{};
  configured.configured = true;
  operations.configure({configured});
  operations.add(suppression("a", "acme", kStart, kStart + 1h));
  operations.apply(engine, kStart);
  CHECK(engine.marks("acme")->maintenance);
  operations.end("config-1", kStart);
  operations.apply(engine, kStart);
  CHECK(engine.marks("acme")->maintenance);
  operations.configure({});
  operations.apply(engine, kStart);
  CHECK_FALSE(engine.marks("acme")->maintenance);
  CHECK(engine.marks("acme")->silenced);
}

TEST_CASE("what is stored of a window comes back the same") {
  Suppression weekly = suppression("m", "acme", kStart, {}, Kind::maintenance);
  weekly.matchers.push_back({"kind", {"odoo", "tryton"}});
  weekly.weekly = ActiveHours{};
  weekly.weekly->days = 0x41;
  weekly.weekly->from = 22h;
  weekly.weekly->to = 2h;
  const auto read = from_stored(to_stored(weekly));
  REQUIRE(read.has_value());
  CHECK(suppression_json(*read, kStart) == suppression_json(weekly, kStart));
  CHECK_FALSE(from_stored({"x", Kind::silence, kStart, kStart, {}, "no JSON"}).has_value());
}

TEST_CASE("a silence that expires while the state is worse than told lets one escalated go (case 33)") {
  ManualClock clock{kStart};
  const TempDir directory;
  Core core{directory, clock};
  core.latency(1.5, 5);
  CHECK(events_of(core.outbox()) == std::vector<std::string>{"incident.opened"});
  add(core, suppression("a", "acme", clock.now(), clock.now() + 20s));
  core.latency(5, 15);
  CHECK(core.status().state == Level::poor);
  CHECK(core.outbox().size() == 1);
  core.latency(5, 10);
  CHECK(events_of(core.outbox()) == std::vector<std::string>{"incident.opened", "incident.escalated"});
  CHECK(lines_of(core, "silence") == 2);
}

TEST_CASE("readings taken in maintenance cost no error budget, those around it do") {
  ManualClock clock{kStart};
  const TempDir directory;
  Core core{directory, clock};
  const auto up = [&](double value, int count) {
    for (int i = 0; i < count; ++i) {
      clock.advance(10s);
      core.write({sample("crm_up", "acme", value, clock.now())});
    }
  };
  up(1, 6);
  add(core, suppression("m", "acme", clock.now(), clock.now() + 2min, Kind::maintenance));
  up(0, 6);
  CHECK(core.status().crm == "acme");
  up(1, 12);
  core.thread().run([&] {
    const CrmFacts* facts = core.engine().crms().find("acme");
    REQUIRE(facts != nullptr);
    CHECK(facts->slo.excluded(clock.now(), 1h).total >= 10);
    CHECK(facts->slo.counted(clock.now(), 1h).total >= 10);
    CHECK(facts->slo.counted(clock.now(), 1h).good == facts->slo.counted(clock.now(), 1h).total);
    CHECK(facts->slo.maintenance(clock.now(), 1h) == 2min);
  });
}

TEST_CASE("a silence outlives a crash, and ends at its time while nobody runs") {
  ManualClock clock{kStart};
  const TempDir directory;
  {
    Core core{directory, clock};
    core.latency(0.1, 3);
    add(core, suppression("a", "acme", clock.now(), clock.now() + 60s));
    core.settle();
  }
  {
    Core core{directory, clock};
    core.latency(5, 10);
    CHECK(core.status().state == Level::poor);
    CHECK(core.outbox().empty());
  }
  clock.advance(60s);
  Core core{directory, clock};
  core.latency(5, 3);
  CHECK(events_of(core.outbox()) == std::vector<std::string>{"incident.opened"});
}

TEST_CASE("a replay of the journal meets the silences that held then") {
  ManualClock clock{kStart};
  const TempDir directory;
  {
    Core core{directory, clock};
    core.latency(0.1, 3);
    core.settle();
    const Suppression silence = suppression("a", "acme", clock.now(), clock.now() + 5s);
    core.in_store([&](store::Database& database) { return store::save_suppression(database, to_stored(silence)); });
  }
  {
    // Journalled while the silence held, never folded: the process ended first.
    auto database = store::open_collector(directory.path()).value();
    for (int i = 1; i <= 4; ++i) {
      store::JournalRecord record;
      record.received = clock.now() + i * kSecond;
      record.body = wire::encode(
          std::vector{sample("crm_operation_duration_seconds", "acme", 5, record.received, {{"operation", "read"}})});
      REQUIRE(store::append(database, record).has_value());
    }
  }
  clock.advance(4 * kSecond);
  Core core{directory, clock};
  CHECK(core.engine().stats().replayed_records >= 4);
  CHECK(core.status().state == Level::poor);
  CHECK(core.outbox().empty());
  core.latency(5, 3);
  CHECK(events_of(core.outbox()) == std::vector<std::string>{"incident.opened"});
}

TEST_CASE("an acknowledgement is on disk when it is answered, and a crash right after keeps it") {
  ManualClock clock{kStart};
  const TempDir directory;
  std::string incident;
  {
    Core core{directory, clock};
    core.latency(5, 5);
    incident = core.incidents().at(0).id;
    bool stored = false;
    core.thread().run([&] {
      REQUIRE(core.engine().acknowledge("acme", {"ana", "on it", clock.now(), clock.now() + 1h},
                                        [&](const Result<void>& result) { stored = result.has_value(); }));
    });
    REQUIRE(eventually([&] {
      bool seen = false;
      core.thread().run([&] { seen = stored; });
      return seen;
    }));
  }
  Core core{directory, clock};
  CHECK(core.status().acked_by == "ana");
  core.thread().run([&] {
    REQUIRE(core.engine().incidents().ack_of("acme") != nullptr);
    CHECK(core.engine().incidents().ack_of("acme")->comment == "on it");
    CHECK(core.engine().incidents().crm_of(incident) == "acme");
  });
  CHECK(lines_of(core, "ack") == 1);
  clock.advance(1h);
  core.latency(5, 2);
  CHECK_FALSE(core.status().acked_by.has_value());
  CHECK(lines_of(core, "ack_ended") == 1);
}

TEST_CASE("an acknowledgement that the disk refuses is answered so") {
  ManualClock clock{kStart};
  const TempDir directory;
  Core core{directory, clock};
  core.latency(5, 5);
  core.settle();
  core.in_store([](store::Database& database) {
    return database.execute("CREATE TRIGGER no BEFORE UPDATE ON engine_state BEGIN SELECT RAISE(ABORT, 'full'); END");
  });
  std::optional<bool> good;
  core.thread().run([&] {
    REQUIRE(core.engine().acknowledge("acme", {"ana", "", clock.now(), clock.now() + 1h},
                                      [&](const Result<void>& result) { good = result.has_value(); }));
  });
  REQUIRE(eventually([&] {
    bool seen = false;
    core.thread().run([&] { seen = good.has_value(); });
    return seen;
  }));
  core.thread().run([&] { CHECK_FALSE(*good); });
  core.in_store([](store::Database& database) { return database.execute("DROP TRIGGER no"); });
  core.tick();
  CHECK(lines_of(core, "ack") == 1);
}
