// Stores that an earlier program wrote, opened by this one.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "store/history/history.h"
#include "tests/store/collector/outbox_support.h"
#include "tests/store/support.h"

using namespace crmpulse;
using namespace crmpulse::store;
using namespace crmpulse::test;
using Table = std::vector<std::string>;

namespace {

/// As the third schema left it: the outbox knew events by their names only. Never changes.
constexpr const char* kThirdSchema = R"sql(
  CREATE TABLE journal(seq INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, received INTEGER NOT NULL,
    agent TEXT NOT NULL, batch INTEGER NOT NULL, skew INTEGER NOT NULL, end_offset INTEGER NOT NULL,
    body BLOB NOT NULL);
  CREATE TABLE agent_batch(agent TEXT NOT NULL, stream INTEGER NOT NULL, batch INTEGER NOT NULL,
    PRIMARY KEY(agent, stream)) WITHOUT ROWID;
  CREATE TABLE engine_state(crm TEXT PRIMARY KEY, folded_seq INTEGER NOT NULL, blob BLOB NOT NULL);
  CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE incident(id TEXT PRIMARY KEY, crm TEXT NOT NULL, kind TEXT NOT NULL, level INTEGER NOT NULL,
    opened INTEGER NOT NULL, resolved INTEGER, detail TEXT NOT NULL);
  CREATE INDEX incident_by_time ON incident(opened, id);
  CREATE INDEX incident_by_crm ON incident(crm, opened, id);
  CREATE TABLE outbox(id TEXT PRIMARY KEY, receiver TEXT NOT NULL, dedup_key TEXT NOT NULL, seq INTEGER NOT NULL,
    event TEXT NOT NULL, level INTEGER NOT NULL, created INTEGER NOT NULL, not_before INTEGER NOT NULL,
    attempts INTEGER NOT NULL, last_code INTEGER NOT NULL, last_error TEXT NOT NULL, status INTEGER NOT NULL,
    lease_until INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE(receiver, dedup_key, seq));
  CREATE INDEX outbox_waiting ON outbox(receiver, dedup_key, seq) WHERE status IN (0, 1);
  CREATE INDEX outbox_by_status ON outbox(status, created);
  CREATE TABLE incident_event(incident TEXT NOT NULL, at INTEGER NOT NULL, digest INTEGER NOT NULL,
    number INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY(incident, at, digest)) WITHOUT ROWID;
  CREATE TABLE suppression(id TEXT PRIMARY KEY, kind INTEGER NOT NULL, created INTEGER NOT NULL,
    starts INTEGER NOT NULL, ends INTEGER, detail TEXT NOT NULL);
  CREATE TABLE crm_change(crm TEXT NOT NULL, what TEXT NOT NULL, object TEXT NOT NULL, source TEXT NOT NULL,
    at INTEGER NOT NULL, was TEXT, now TEXT NOT NULL, PRIMARY KEY(crm, what, object, source, at)) WITHOUT ROWID;
  CREATE INDEX outbox_by_time ON outbox(created);
  CREATE TABLE history(id INTEGER PRIMARY KEY AUTOINCREMENT, part INTEGER NOT NULL, crm TEXT NOT NULL,
    readings INTEGER NOT NULL, block BLOB NOT NULL);
  CREATE INDEX history_by_part ON history(part, crm, readings);
  PRAGMA user_version=3;
)sql";

/// A store of the third schema in its state directory.
class OldStore {
 public:
  explicit OldStore(const TempDir& dir)
      : database_(Database::open(dir.path("collector.db"), Database::Mode::writer).value()) {
    database_.execute(kThirdSchema).value();
  }
  void add(const OutboxRow& row, DeliveryStatus status) {
    auto into = database_.prepare("INSERT INTO outbox VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").value();
    int place = 0;
    for (const std::string& text : {row.id, row.receiver, row.dedup_key}) into.bind(++place, std::string_view{text});
    into.bind(++place, row.seq);
    into.bind(++place, row.event.text());
    into.bind(++place, std::int64_t{row.level});
    into.bind(++place, unix_millis(row.created));
    into.bind(++place, unix_millis(row.not_before));
    into.bind(++place, std::int64_t{status == DeliveryStatus::pending ? 0 : 1});
    into.bind(++place, std::int64_t{503});
    into.bind(++place, std::string_view{"busy"});
    into.bind(++place, static_cast<std::int64_t>(status));
    into.bind(++place, std::int64_t{0});
    into.bind_blob(++place, row.body);
    into.run().value();
  }
  Database& database() { return database_; }

 private:
  Database database_;
};

/// `event` as it is named in full.
OutboxRow named(const std::string& event, std::int64_t seq, const std::string& key) {
  OutboxRow row = message("opened", seq, key);
  row.event = EventName{event};
  return row;
}

std::int64_t kind_of_row(Database& database, std::int64_t seq) {
  return integer(database, "SELECT kind FROM outbox WHERE seq = " + std::to_string(seq));
}

}  // namespace

TEST_CASE("a store in which events had no numbers opens with every row, in its order, each with its number") {
  const TempDir dir;
  {
    OldStore old{dir};
    for (const Event event : all_events()) {
      const auto number = static_cast<std::int64_t>(event);
      OutboxRow row = named(std::string{to_string(event)}, number, "key/" + std::to_string(number));
      row.created = at(0);  // of one time: their order is that of their arrival
      old.add(row, number % 2 == 0 ? DeliveryStatus::delivered : DeliveryStatus::pending);
    }
  }
  Database database = open_collector(dir.path()).value();
  const std::vector<OutboxRow> rows = list_outbox(database, {}, 100).value();
  REQUIRE(rows.size() == all_events().size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Event event = all_events()[rows.size() - 1 - i];  // the newest first
    const auto number = static_cast<std::int64_t>(event);
    INFO(to_string(event));
    CHECK(rows[i].event == event);
    CHECK(rows[i].seq == number);
    CHECK(kind_of_row(database, number) == number);
    CHECK(rows[i].id == "oncall:key/" + std::to_string(number) + ":" + std::to_string(number));
    CHECK(rows[i].level == 2);
    CHECK(rows[i].last_code == 503);
    CHECK(rows[i].last_error == "busy");
    CHECK(rows[i].body == "body of " + std::to_string(number));
    CHECK(rows[i].attempts == (number % 2 == 0 ? 1 : 0));
  }
  CHECK(integer(database, "SELECT count(*) FROM pragma_index_list('outbox') WHERE origin = 'c'") == 3);
}

TEST_CASE("messages that waited in an older store go on as if it had always had numbers") {
  const TempDir dir;
  {
    OldStore old{dir};
    old.add(message("opened", 1), DeliveryStatus::pending);
    old.add(message("opened", 2, "crm/told"), DeliveryStatus::delivered);
    old.add(named("digest", 3, "digest/oncall"), DeliveryStatus::pending);
    old.add(message("resolved", 4, "crm/in-digest"), DeliveryStatus::pending);
  }
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("resolved", 5)).value();
  enqueue(database, message("resolved", 6, "crm/told")).value();
  // The unsent opening vanishes with its end, the one that was told does not; the digest goes before what it opened.
  CHECK(send_all(database, at(100), DeliveryStatus::delivered) == Table{"oncall:digest/oncall:3"});
  CHECK(send_all(database, at(100), DeliveryStatus::delivered) == Table{"oncall:crm/in-digest:4", "oncall:crm/told:6"});
  CHECK(kind_of_row(database, 6) == static_cast<std::int64_t>(Event::resolved));
}

TEST_CASE("a row of an event that nobody knows is delivered under its name and stays the newest of its queue") {
  const TempDir dir;
  {
    OldStore old{dir};
    old.add(named("incident.exploded", 1, "crm/acme"), DeliveryStatus::pending);
  }
  Database database = open_collector(dir.path()).value();
  CHECK(kind_of_row(database, 1) == 0);
  enqueue(database, named("collector.slept", 2, "clock/collector")).value();
  CHECK(kind_of_row(database, 2) == 0);
  const std::vector<OutboxRow> due = lease(database, "oncall", at(10), at(40), 10).value();
  REQUIRE(due.size() == 2);
  CHECK(due[0].event.text() == "incident.exploded");
  CHECK(due[1].event.text() == "collector.slept");
  for (OutboxRow row : due) {
    row.status = DeliveryStatus::delivered;
    settle(database, row).value();
  }
  // What it told may last: its end must find it.
  CHECK(prune_outbox(database, at(1000), 0).value() == 0);
  CHECK(table(database).size() == 2);
  enqueue(database, message("resolved", 3)).value();
  CHECK(send_all(database, at(100), DeliveryStatus::delivered) == Table{"oncall:crm/acme:3"});
}

TEST_CASE("a damaged store of an earlier schema is saved with the numbers of its events") {
  const TempDir dir;
  const std::string file = dir.path("collector.db");
  std::int64_t page = 0;
  {
    OldStore old{dir};
    old.add(message("opened", 1), DeliveryStatus::pending);
    old.add(named("agent.lost", 2, "agent/a"), DeliveryStatus::delivered);
    old.add(named("incident.exploded", 3, "crm/b"), DeliveryStatus::pending);
    page = integer(old.database(), "SELECT rootpage FROM sqlite_master WHERE name = 'journal'");
    old.database().execute("PRAGMA wal_checkpoint(TRUNCATE)").value();
  }
  std::fstream stream{file, std::ios::in | std::ios::out | std::ios::binary};
  stream.seekp((page - 1) * 4096);
  stream << std::string(4096, '\xee');
  stream.close();
  std::ofstream{file + "-wal"} << "left by a process that was killed";
  Database database = open_collector(dir.path()).value();
  CHECK(damaged_files(dir.path()) == 1);
  CHECK(table(database).size() == 3);
  CHECK(kind_of_row(database, 1) == static_cast<std::int64_t>(Event::opened));
  CHECK(kind_of_row(database, 2) == static_cast<std::int64_t>(Event::agent_lost));
  CHECK(kind_of_row(database, 3) == 0);
}

TEST_CASE(
    "states and blocks that an earlier program stored have no checksum and are believed, until they are written anew") {
  const TempDir dir;
  const std::string block(100, 'b');
  {
    OldStore old{dir};
    old.database().execute("INSERT INTO engine_state VALUES('acme', 3, X'616263')").value();
    old.database().execute("INSERT INTO meta VALUES('folded_seq', '3')").value();
    auto row =
        old.database().prepare("INSERT INTO history(part, crm, readings, block) VALUES(0, 'acme', 1, ?)").value();
    row.bind_blob(1, block);
    row.run().value();
  }
  Database database = open_collector(dir.path()).value();
  const StoredState state = load_states(database).value().at(0);
  CHECK(state.intact);
  CHECK(state.blob == "abc");
  CHECK(is_meta_intact(database, "folded_seq").value());
  int blocks = 0;
  read_part(database, TimePoint{}, [&](const StoredBlock& found) {
    ++blocks;
    CHECK(found.intact);
    CHECK(found.bytes == block);
  }).value();
  CHECK(blocks == 1);
  save_state(database, state).value();
  CHECK(integer(database, "SELECT checksum IS NOT NULL FROM engine_state") == 1);
}
