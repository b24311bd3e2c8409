#include "store/spool/spool_table.h"

#include <sqlite3.h>

#include <chrono>

#include "store/sqlite/query.h"
#include "store/sqlite/salvage.h"

namespace crmpulse::store {
namespace {

// end_offset: bytes of all rows up to and including this one, as in the collector's journal.
constexpr std::string_view kFirst = R"sql(
  CREATE TABLE spool_row(
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    samples INTEGER NOT NULL,
    oldest INTEGER NOT NULL,
    end_offset INTEGER NOT NULL,
    body BLOB NOT NULL);
  CREATE TABLE value(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
)sql";

/// Numbers start at the microseconds of the wall clock, so that a spool that was lost and created anew, or lost its
/// end, goes on above the numbers its collector has seen.
Result<void> start_numbers(Database& database) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t micros{std::chrono::duration_cast<std::chrono::microseconds>(now).count()};
  if (database.lost_tail()) {
    const Result<void> raised =
        run(database, "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'spool_row'", micros);
    if (!raised) return raised;
  }
  return run(database,
             "INSERT INTO sqlite_sequence(name, seq) SELECT 'spool_row', ? WHERE NOT EXISTS "
             "(SELECT 1 FROM sqlite_sequence WHERE name = 'spool_row')",
             micros);
}

std::uint64_t unsigned_at(const Statement& row, int column) {
  return static_cast<std::uint64_t>(row.integer(column));
}

std::string file_in(const std::string& state_dir) {
  return state_dir + "/spool.db";
}

Result<Database> open_database(const std::string& state_dir) {
  Result<Database> database = open_or_salvage(file_in(state_dir), {kFirst});
  if (!database) return database;
  if (const Result<void> started = start_numbers(*database); !started) return started.error();
  return database;
}

}  // namespace

Result<SpoolTable> SpoolTable::open(const std::string& state_dir) {
  Result<Database> database = open_database(state_dir);
  if (!database) return database.error();
  return SpoolTable{state_dir, *std::move(database)};
}

Result<void> SpoolTable::ready() {
  if (database_) return {};
  Result<Database> again = open_database(state_dir_);
  if (!again) return again.error();
  database_.emplace(*std::move(again));
  return {};
}

Result<void> SpoolTable::mend(const Error& why) {
  if (!database_ || why.code != ErrorCode::damaged) return {};
  database_.reset();
  if (const Result<void> saved = salvage(file_in(state_dir_), {kFirst}); !saved) return saved;
  return ready();
}

Result<SpoolTable::Totals> SpoolTable::totals() {
  if (const Result<void> open = ready(); !open) return open.error();
  Totals totals;
  std::uint64_t first_seq = 0;
  std::uint64_t start = 0;
  const auto first =
      query(*database_, "SELECT seq, end_offset - length(body), oldest FROM spool_row ORDER BY seq LIMIT 1");
  const Result<void> begun = each_row(first, [&](const Statement& row) {
    first_seq = unsigned_at(row, 0);
    start = unsigned_at(row, 1);
    totals.oldest = time_at(row, 2);
  });
  if (!begun) return begun.error();
  const auto last = query(*database_, "SELECT seq, end_offset FROM spool_row ORDER BY seq DESC LIMIT 1");
  const Result<void> ended = each_row(last, [&](const Statement& row) {
    totals.rows = unsigned_at(row, 0) - first_seq + 1;  // only prefixes are deleted: numbers have no gaps
    totals.bytes = unsigned_at(row, 1) - start;
  });
  if (!ended) return ended.error();
  if (totals.rows <= totals.bytes) return totals;
  // Damage has left a gap in the numbers.
  const auto counted = one_integer(query(*database_, "SELECT count(*) FROM spool_row"));
  if (!counted) return counted.error();
  totals.rows = static_cast<std::uint64_t>(counted->value_or(0));
  return totals;
}

Result<std::int64_t> SpoolTable::add(const std::deque<SpoolRow>& rows, std::uint64_t max_bytes, bool make_room) {
  if (const Result<void> open = ready(); !open) return open.error();
  if (const Result<void> begun = run(*database_, "BEGIN IMMEDIATE"); !begun) return begun.error();
  Result<std::int64_t> dropped = add_in_transaction(rows, max_bytes, make_room);
  if (dropped) {
    const Result<void> committed = run(*database_, "COMMIT");
    if (committed) {
      database_->renew_reserve();
      return dropped;
    }
    dropped = committed.error();
  }
  // A failed write may have undone the transaction already.
  if (sqlite3_get_autocommit(database_->handle()) == 0) (void)run(*database_, "ROLLBACK");
  return dropped;
}

Result<std::int64_t> SpoolTable::add_in_transaction(const std::deque<SpoolRow>& rows, std::uint64_t max_bytes,
                                                    bool make_room) {
  std::int64_t dropped = 0;
  if (make_room) {
    std::uint64_t needed = 0;
    for (const SpoolRow& row : rows) needed += row.body.size();
    const Result<std::int64_t> gone = drop_oldest(needed);
    if (!gone) return gone;
    dropped += *gone;
  }
  for (const SpoolRow& row : rows) {
    const Result<void> added =
        run(*database_,
            "INSERT INTO spool_row(samples, oldest, end_offset, body) VALUES(?1, ?2, "
            "coalesce((SELECT end_offset FROM spool_row ORDER BY seq DESC LIMIT 1), 0) + ?3, ?4)",
            row.samples, row.oldest, static_cast<std::int64_t>(row.body.size()), Blob{row.body});
    if (!added) return added.error();
  }
  const Result<Totals> now = totals();
  if (!now) return now.error();
  if (now->bytes <= max_bytes) return dropped;
  const Result<std::int64_t> gone = drop_oldest(now->bytes - max_bytes);
  if (!gone) return gone;
  return dropped + *gone;
}

/// As many of the oldest rows as it takes to free `bytes`. Returns the samples they held.
Result<std::int64_t> SpoolTable::drop_oldest(std::uint64_t bytes) {
  std::int64_t samples = 0;
  std::int64_t last = 0;
  {
    std::uint64_t freed = 0;
    const auto rows = query(*database_, "SELECT seq, samples, length(body) FROM spool_row ORDER BY seq");
    if (!rows) return rows.error();
    const ResetAtEnd reset{**rows};
    while (freed < bytes) {
      const Result<bool> row = (*rows)->step();
      if (!row) return row.error();
      if (!*row) break;
      last = (*rows)->integer(0);
      samples += (*rows)->integer(1);
      freed += unsigned_at(**rows, 2);
    }
  }
  if (const Result<void> gone = run(*database_, "DELETE FROM spool_row WHERE seq <= ?", last); !gone)
    return gone.error();
  return samples;
}

Result<void> SpoolTable::read(const std::function<bool(std::uint64_t, std::int64_t, std::string_view)>& visit) {
  if (const Result<void> open = ready(); !open) return open.error();
  const auto rows = query(*database_, "SELECT seq, samples, body FROM spool_row ORDER BY seq");
  if (!rows) return rows.error();
  const ResetAtEnd reset{**rows};
  while (true) {
    const Result<bool> row = (*rows)->step();
    if (!row) return row.error();
    if (!*row || !visit(unsigned_at(**rows, 0), (*rows)->integer(1), (*rows)->blob(2))) return {};
  }
}

Result<void> SpoolTable::remove_through(std::uint64_t seq) {
  if (const Result<void> open = ready(); !open) return open.error();
  return unsynced(
      [&] { return run(*database_, "DELETE FROM spool_row WHERE seq <= ?", static_cast<std::int64_t>(seq)); });
}

Result<void> SpoolTable::unsynced(const std::function<Result<void>()>& write) {
  if (const Result<void> lazy = database_->execute("PRAGMA synchronous=NORMAL"); !lazy) return lazy;
  const Result<void> written = write();
  const Result<void> strict = database_->execute("PRAGMA synchronous=FULL");
  return written ? strict : written;
}

Result<void> SpoolTable::set(const std::string& name, const std::string& value) {
  if (const Result<void> open = ready(); !open) return open.error();
  return run(*database_,
             "INSERT INTO value(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value", name,
             value);
}

Result<void> SpoolTable::set_unsynced(const std::string& name, const std::string& value) {
  if (const Result<void> open = ready(); !open) return open.error();
  return unsynced([&] { return set(name, value); });
}

Result<std::string> SpoolTable::get(const std::string& name) {
  if (const Result<void> open = ready(); !open) return open.error();
  std::string value;
  const Result<void> done = each_row(query(*database_, "SELECT value FROM value WHERE name = ?", name),
                                     [&](const Statement& row) { value = row.text(0); });
  if (!done) return done.error();
  return value;
}

}  // namespace crmpulse::store
