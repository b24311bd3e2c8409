#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "store/collector/collector_store.h"
#include "store/collector/outbox_row.h"
#include "store/sqlite/query.h"

namespace crmpulse::store {
namespace {

/// Deletes delivered and superseded rows created before `before`, oldest first, up to `count` (negative: all). Never
/// the newest delivered row of a queue if what it told lasts, or if nobody knows what it told: `enqueue` must know that
/// the receiver was told of an incident when the resolved comes, however late.
Result<void> drop_finished(Database& database, TimePoint before, std::int64_t count) {
  static const std::string kDrop = fmt::format(
      "DELETE FROM outbox WHERE rowid IN (SELECT rowid FROM outbox o WHERE status IN (2, 4, 5) AND created < ?1 AND "
      "NOT (status = 2 AND kind NOT IN ({}) AND seq = (SELECT max(n.seq) FROM outbox n WHERE n.receiver = o.receiver "
      "AND n.dedup_key = o.dedup_key AND n.status = 2)) ORDER BY created, rowid LIMIT ?2)",
      kinds([](Event event) { return !lasts(event); }));
  return run(database, kDrop, before, count);
}

/// Beside its body a row takes about this much, indexes included.
constexpr std::int64_t kRowBytes = 500;
constexpr std::int64_t kMostAtOnce = 10'000;

struct Bounds {
  std::int64_t rows;
  std::int64_t bytes;
};

/// How many rows of average size have to go.
Result<std::int64_t> excess(Database& database, const Bounds& most) {
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  const Result<void> counted = each_row(query(database, "SELECT count(*), coalesce(sum(length(body)), 0) FROM outbox"),
                                        [&](const Statement& row) {
                                          rows = row.integer(0);
                                          bytes = row.integer(1) + rows * kRowBytes;
                                        });
  if (!counted) return counted.error();
  if (rows == 0) return 0;
  const std::int64_t average = std::max(bytes / rows, std::int64_t{1});
  const std::int64_t over_bytes = bytes > most.bytes ? (bytes - most.bytes + average - 1) / average : 0;
  return std::max({rows - most.rows, over_bytes, std::int64_t{0}});
}

/// Deletes up to `count` of the rows with this status, and of this event if there is one, oldest first.
Result<std::int64_t> drop(Database& database, DeliveryStatus status, std::optional<Event> event, std::int64_t count) {
  constexpr int kAny = -1;
  const Result<void> gone =
      run(database,
          "DELETE FROM outbox WHERE rowid IN (SELECT rowid FROM outbox WHERE status = ?1 AND (?2 = -1 OR kind = ?2) "
          "ORDER BY created, rowid LIMIT ?3)",
          static_cast<int>(status), event ? kind_of(*event) : kAny, count);
  if (!gone) return gone.error();
  return database.changes();
}

/// As far as the table is over its bounds. Returns how many went. Rows differ in size: it may take several rounds.
Result<std::int64_t> drop_excess(Database& database, const Bounds& most, DeliveryStatus status,
                                 std::optional<Event> event) {
  std::int64_t dropped = 0;
  while (true) {
    const Result<std::int64_t> over = excess(database, most);
    if (!over) return over;
    if (*over == 0) return dropped;
    const Result<std::int64_t> gone = drop(database, status, event, std::min(*over, kMostAtOnce));
    if (!gone) return gone;
    if (*gone == 0) return dropped;
    dropped += *gone;
  }
}

}  // namespace

Result<std::int64_t> prune_outbox(Database& database, TimePoint before, std::int64_t max_rows, std::int64_t max_bytes) {
  const Bounds most{max_rows, max_bytes};
  if (const Result<void> gone = drop_finished(database, before, -1); !gone) return gone.error();
  while (true) {
    const Result<std::int64_t> over = excess(database, most);
    if (!over || *over == 0) return over;
    const Result<void> gone = drop_finished(database, TimePoint::max(), std::min(*over, kMostAtOnce));
    if (!gone) return gone.error();
    if (database.changes() == 0) break;
  }
  if (const auto gone = drop_excess(database, most, DeliveryStatus::dead, std::nullopt); !gone) return gone;
  std::int64_t unsent = 0;
  for (const Event event : dispensable()) {
    const Result<std::int64_t> gone = drop_excess(database, most, DeliveryStatus::pending, event);
    if (!gone) return gone;
    unsent += *gone;
  }
  return unsent;
}

}  // namespace crmpulse::store
