#include "store/collector/collector_store.h"

#include <fmt/format.h>

#include <initializer_list>

#include "store/collector/outbox_row.h"
#include "store/sqlite/query.h"
#include "store/sqlite/salvage.h"

namespace crmpulse::store {
namespace {

// Columns that are read without the rest stand before the large ones: SQLite reads a row from its start.
constexpr std::string_view kFirst = R"sql(
  -- end_offset: bytes of all bodies up to and including this one, as in one long file. The size of any run of records
  -- is a difference of two rows, so that nothing is summed up over the table.
  CREATE TABLE journal(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    received INTEGER NOT NULL,
    agent TEXT NOT NULL,
    batch INTEGER NOT NULL,
    skew INTEGER NOT NULL,
    end_offset INTEGER NOT NULL,
    body BLOB NOT NULL);
  CREATE TABLE agent_batch(
    agent TEXT NOT NULL,
    stream INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    PRIMARY KEY(agent, stream)) WITHOUT ROWID;

  CREATE TABLE engine_state(
    crm TEXT PRIMARY KEY,
    folded_seq INTEGER NOT NULL,
    blob BLOB NOT NULL);
  CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE incident(
    id TEXT PRIMARY KEY,
    crm TEXT NOT NULL,
    kind TEXT NOT NULL,
    level INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    resolved INTEGER,
    detail TEXT NOT NULL);
  CREATE INDEX incident_by_time ON incident(opened, id);
  CREATE INDEX incident_by_crm ON incident(crm, opened, id);

  CREATE TABLE outbox(
    id TEXT PRIMARY KEY,
    receiver TEXT NOT NULL,
    dedup_key TEXT NOT NULL,
    seq INTEGER NOT NULL,
    event TEXT NOT NULL,
    level INTEGER NOT NULL,
    created INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    last_code INTEGER NOT NULL,
    last_error TEXT NOT NULL,
    status INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE(receiver, dedup_key, seq));
  CREATE INDEX outbox_waiting ON outbox(receiver, dedup_key, seq) WHERE status IN (0, 1);
  CREATE INDEX outbox_by_status ON outbox(status, created);
)sql";

constexpr std::string_view kOperations = R"sql(
  -- digest: of the body, so that a line that is added again after a replay is not there twice.
  CREATE TABLE incident_event(
    incident TEXT NOT NULL,
    at INTEGER NOT NULL,
    digest INTEGER NOT NULL,
    number INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY(incident, at, digest)) WITHOUT ROWID;

  CREATE TABLE suppression(
    id TEXT PRIMARY KEY,
    kind INTEGER NOT NULL,
    created INTEGER NOT NULL,
    starts INTEGER NOT NULL,
    ends INTEGER,
    detail TEXT NOT NULL);

  CREATE TABLE crm_change(
    crm TEXT NOT NULL,
    what TEXT NOT NULL,
    object TEXT NOT NULL,
    source TEXT NOT NULL,
    at INTEGER NOT NULL,
    was TEXT,
    now TEXT NOT NULL,
    PRIMARY KEY(crm, what, object, source, at)) WITHOUT ROWID;

  CREATE INDEX outbox_by_time ON outbox(created);
)sql";

constexpr std::string_view kHistory = R"sql(
  -- Blocks of readings: of one CRM within one part of six hours; block holds them all (store/history/history_block).
  CREATE TABLE history(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    part INTEGER NOT NULL,
    crm TEXT NOT NULL,
    readings INTEGER NOT NULL,
    block BLOB NOT NULL);
  CREATE INDEX history_by_part ON history(part, crm, readings);
)sql";

constexpr std::string_view kChecksums = R"sql(
  -- checksum: over the row's other columns (store/sqlite/checksum.h). NULL: an earlier version wrote the row.
  ALTER TABLE engine_state ADD COLUMN checksum INTEGER;
  ALTER TABLE meta ADD COLUMN checksum INTEGER;
  ALTER TABLE history ADD COLUMN checksum INTEGER;
)sql";

constexpr std::string_view kStates = R"sql(
  -- What a CRM's state was from `at` on (store/history/states.h).
  CREATE TABLE crm_state(
    crm TEXT NOT NULL,
    at INTEGER NOT NULL,
    state INTEGER NOT NULL,
    data_status INTEGER NOT NULL,
    score REAL,
    maintenance INTEGER NOT NULL,
    PRIMARY KEY(crm, at)) WITHOUT ROWID;
  CREATE INDEX crm_state_by_time ON crm_state(at);
  -- An earlier version wrote states into the timelines of incidents only: each change is there while one was open, and
  -- after its end the CRM was healthy. Of two lines of one instant the later counts.
  INSERT OR REPLACE INTO crm_state
    SELECT i.crm, e.at,
           CASE json_extract(e.body, '$.state') WHEN 'poor' THEN 2 WHEN 'sub_healthy' THEN 1 ELSE 0 END,
           CASE json_extract(e.body, '$.data_status')
             WHEN 'warming_up' THEN 0 WHEN 'stale' THEN 2 WHEN 'no_data' THEN 3 ELSE 1 END,
           NULL, 0
    FROM incident_event e JOIN incident i ON i.id = e.incident
    WHERE i.crm <> '' AND json_valid(e.body) AND json_extract(e.body, '$.type') = 'state'
    ORDER BY e.at, e.number;
  INSERT OR IGNORE INTO crm_state
    SELECT crm, resolved, 0, 1, NULL, 0 FROM incident WHERE crm <> '' AND resolved IS NOT NULL;
)sql";

constexpr std::string_view kRollups = R"sql(
  -- Readings summed up: of one CRM within one span of a tier (store/history/rollups.h); bytes: of block, so that they
  -- can be summed up without reading it.
  CREATE TABLE rollup(
    id INTEGER PRIMARY KEY,
    tier INTEGER NOT NULL,
    span INTEGER NOT NULL,
    crm TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    block BLOB NOT NULL,
    UNIQUE(crm, tier, span));
  CREATE INDEX rollup_by_span ON rollup(tier, span, bytes);
  -- id: of the newest block of history that is in rollups.
  CREATE TABLE rolled(
    part INTEGER NOT NULL,
    crm TEXT NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY(part, crm)) WITHOUT ROWID;
)sql";

/// Returns the SQL for the kind of the event that a row names.
std::string kind_by_name() {
  std::string sql = "CASE event";
  for (const Event event : all_events()) sql += fmt::format(" WHEN '{}' THEN {}", to_string(event), kind_of(event));
  return sql + fmt::format(" ELSE {} END", kind_of(Event::unknown));
}

/// Returns the fourth schema. It copies the whole table, because `kind` must stand before the bodies.
std::string number_events() {
  return fmt::format(R"sql(
  -- event: its name, as receivers get it. kind: its number (core/event.h), by which queries ask for it; 0 for an event
  -- that was not known when the row got its kind.
  CREATE TABLE numbered(
    id TEXT PRIMARY KEY,
    receiver TEXT NOT NULL,
    dedup_key TEXT NOT NULL,
    seq INTEGER NOT NULL,
    event TEXT NOT NULL,
    kind INTEGER NOT NULL DEFAULT 0,
    level INTEGER NOT NULL,
    created INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    last_code INTEGER NOT NULL,
    last_error TEXT NOT NULL,
    status INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE(receiver, dedup_key, seq));
  INSERT INTO numbered(rowid, id, receiver, dedup_key, seq, event, kind, level, created, not_before, attempts, last_code,
                       last_error, status, lease_until, body)
    SELECT rowid, id, receiver, dedup_key, seq, event, {}, level, created, not_before, attempts, last_code,
           last_error, status, lease_until, body FROM outbox ORDER BY rowid;
  DROP TABLE outbox;
  ALTER TABLE numbered RENAME TO outbox;
  CREATE INDEX outbox_waiting ON outbox(receiver, dedup_key, seq) WHERE status IN (0, 1);
  CREATE INDEX outbox_by_status ON outbox(status, created);
  CREATE INDEX outbox_by_time ON outbox(created);
)sql",
                     kind_by_name());
}

std::string file_in(const std::string& state_dir) {
  return state_dir + "/collector.db";
}

/// New records must lie behind what states say they have folded, even if the journal itself could not be read.
Result<void> go_on_behind_folded(Database& database) {
  const auto newest = one_integer(query(database, R"sql(
    SELECT max(coalesce((SELECT max(seq) FROM journal), 0), coalesce((SELECT max(folded_seq) FROM engine_state), 0),
               coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'folded_seq'), 0)))sql"));
  if (!newest) return newest.error();
  const Result<void> raised =
      run(database, "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'journal'", newest->value_or(0));
  if (!raised) return raised;
  return run(database,
             "INSERT INTO sqlite_sequence(name, seq) SELECT 'journal', ? WHERE NOT EXISTS (SELECT 1 FROM "
             "sqlite_sequence WHERE name = 'journal')",
             newest->value_or(0));
}

/// Rows of a damaged file with an earlier schema bring no kind.
Result<void> mend(Database& database) {
  const Result<void> numbered =
      database.execute(fmt::format("UPDATE outbox SET kind = {} WHERE kind = 0", kind_by_name()));
  if (!numbered) return numbered;
  return go_on_behind_folded(database);
}

/// Calls `use` with every step of the schema, in order.
template <class Use>
auto with_migrations(const Use& use) {
  const std::string numbered = number_events();
  return use(
      std::initializer_list<std::string_view>{kFirst, kOperations, kHistory, numbered, kChecksums, kStates, kRollups});
}

}  // namespace

Result<Database> open_collector(const std::string& state_dir) {
  return with_migrations([&](const auto& migrations) { return open_or_salvage(file_in(state_dir), migrations, mend); });
}

std::int64_t collector_schema() {
  return with_migrations([](const auto& migrations) { return static_cast<std::int64_t>(migrations.size()); });
}

Result<Database> open_collector_reader(const std::string& state_dir) {
  return Database::open(file_in(state_dir), Database::Mode::reader);
}

}  // namespace crmpulse::store
