#include "store/collector/collector_store.h"
#include "store/sqlite/query.h"

namespace crmpulse::store {
namespace {

/// Records a read takes at once: between two of these no read transaction stands in the way of checkpoints.
constexpr int kReadRows = 256;

Stream stream_of(RecordKind kind) {
  return kind == RecordKind::evidence ? Stream::evidence : Stream::samples;
}

void read_stamp(const Statement& row, JournalRecord& record) {
  record.seq = row.integer(0);
  record.kind = static_cast<RecordKind>(row.integer(1));
  record.received = time_at(row, 2);
  record.agent = row.text(3);
  record.batch = static_cast<std::uint64_t>(row.integer(4));
  record.skew = Duration{row.integer(5)};
}

/// Visits up to kReadRows records after record.seq; false when the visitor or the journal has come to an end.
Result<bool> read_some(Database& database, JournalRecord& record,
                       const std::function<bool(const JournalRecord&)>& visit) {
  const auto rows = query(
      database, "SELECT seq, kind, received, agent, batch, skew, body FROM journal WHERE seq > ? ORDER BY seq LIMIT ?",
      record.seq, kReadRows);
  if (!rows) return rows.error();
  const ResetAtEnd reset{**rows};
  for (int count = 0; count < kReadRows; ++count) {
    const Result<bool> row = (*rows)->step();
    if (!row || !*row) return row;
    read_stamp(**rows, record);
    record.body = (*rows)->blob(6);
    if (!visit(record)) return false;
  }
  return true;
}

/// Where the journal's newest record ends, in the long file end_offset speaks of.
Result<std::int64_t> end_of_journal(Database& database) {
  const auto end = one_integer(query(database, "SELECT end_offset FROM journal ORDER BY seq DESC LIMIT 1"));
  if (!end) return end.error();
  return end->value_or(0);
}

/// The newest record of the run, from the oldest on, that may go; 0: none.
Result<std::int64_t> last_to_go(Database& database, TimePoint before, std::int64_t keep_from, std::int64_t folded_seq,
                                int max_rows) {
  std::int64_t last = 0;
  bool going = true;
  const auto rows = query(
      database, "SELECT seq, received, end_offset - length(body) FROM journal WHERE seq <= ? ORDER BY seq LIMIT ?",
      folded_seq, max_rows);
  const Result<void> done = each_row(rows, [&](const Statement& row) {
    going = going && (time_at(row, 1) < before || row.integer(2) < keep_from);
    if (going) last = row.integer(0);
  });
  if (!done) return done.error();
  return last;
}

}  // namespace

Result<std::int64_t> append(Database& database, const JournalRecord& record) {
  const auto batch = static_cast<std::int64_t>(record.batch);
  const Result<void> added =
      run(database,
          "INSERT INTO journal(kind, received, agent, batch, skew, end_offset, body) VALUES(?1, ?2, ?3, ?4, ?5, "
          "coalesce((SELECT end_offset FROM journal ORDER BY seq DESC LIMIT 1), 0) + ?6, ?7)",
          static_cast<int>(record.kind), record.received, record.agent, batch, std::int64_t{record.skew.count()},
          static_cast<std::int64_t>(record.body.size()), Blob{record.body});
  if (!added) return added.error();
  const std::int64_t seq = database.last_insert_id();
  if (record.agent.empty() || record.batch == 0) return seq;
  const Result<void> noted = run(database,
                                 "INSERT INTO agent_batch(agent, stream, batch) VALUES(?, ?, ?) "
                                 "ON CONFLICT(agent, stream) DO UPDATE SET batch = max(batch, excluded.batch)",
                                 record.agent, static_cast<int>(stream_of(record.kind)), batch);
  if (!noted) return noted.error();
  return seq;
}

Result<void> read_journal(Database& database, std::int64_t after,
                          const std::function<bool(const JournalRecord&)>& visit) {
  JournalRecord record;
  record.seq = after;
  while (true) {
    const Result<bool> more = read_some(database, record, visit);
    if (!more) return more.error();
    if (!*more) return {};
  }
}

Result<void> read_batches(Database& database, std::int64_t after,
                          const std::function<void(const JournalRecord&)>& visit) {
  JournalRecord record;
  const auto rows = query(
      database, "SELECT seq, kind, received, agent, batch, skew FROM journal WHERE seq > ? AND batch > 0 ORDER BY seq",
      after);
  return each_row(rows, [&](const Statement& row) {
    read_stamp(row, record);
    visit(record);
  });
}

Result<std::optional<TimePoint>> newest_received(Database& database, std::int64_t after) {
  std::optional<TimePoint> newest;
  const auto rows = query(database, "SELECT max(received) FROM journal WHERE seq > ?", after);
  const Result<void> done = each_row(rows, [&](const Statement& row) {
    if (!row.is_null(0)) newest = time_at(row, 0);
  });
  if (!done) return done.error();
  return newest;
}

Result<std::optional<TimePoint>> oldest_received(Database& database) {
  std::optional<TimePoint> oldest;
  const auto rows = query(database, "SELECT received FROM journal ORDER BY seq LIMIT 1");
  const Result<void> done = each_row(rows, [&](const Statement& row) { oldest = time_at(row, 0); });
  if (!done) return done.error();
  return oldest;
}

Result<std::int64_t> last_seq(Database& database) {
  const auto seq = one_integer(query(database, "SELECT seq FROM sqlite_sequence WHERE name = 'journal'"));
  if (!seq) return seq.error();
  return seq->value_or(0);
}

Result<std::int64_t> prune_journal(Database& database, TimePoint before, std::uint64_t max_bytes,
                                   std::int64_t folded_seq, int max_rows) {
  const Result<std::int64_t> end = end_of_journal(database);
  if (!end) return end.error();
  const std::int64_t keep_from =
      static_cast<std::uint64_t>(*end) > max_bytes ? *end - static_cast<std::int64_t>(max_bytes) : 0;
  const Result<std::int64_t> last = last_to_go(database, before, keep_from, folded_seq, max_rows);
  if (!last) return last.error();
  if (*last == 0) return 0;
  if (const Result<void> gone = run(database, "DELETE FROM journal WHERE seq <= ?", *last); !gone) return gone.error();
  return database.changes();
}

Result<std::vector<std::pair<std::string, std::uint64_t>>> last_batches(Database& database, Stream stream) {
  std::vector<std::pair<std::string, std::uint64_t>> all;
  const auto rows =
      query(database, "SELECT agent, batch FROM agent_batch WHERE stream = ? ORDER BY agent", static_cast<int>(stream));
  const Result<void> done = each_row(rows, [&](const Statement& row) {
    all.emplace_back(text_at(row, 0), static_cast<std::uint64_t>(row.integer(1)));
  });
  if (!done) return done.error();
  return all;
}

}  // namespace crmpulse::store
