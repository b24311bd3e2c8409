#include "store/collector_store.h"
#include "store/query.h"

namespace crmpulse::store {
namespace {

/// Deletes delivered and superseded rows created before `before`, oldest first, up to `count` (negative: all). Never
/// the newest delivered row of a queue unless it is a resolved: `enqueue` must know that the receiver was told of an
/// incident when the resolved comes, however late.
Result<void> drop_finished(Database& database, TimePoint before, std::int64_t count) {
  return run(
      database,
      "DELETE FROM outbox WHERE rowid IN (SELECT rowid FROM outbox o WHERE status IN (2, 4) AND created < ?1 AND NOT "
      "(status = 2 AND event LIKE 'incident.%' AND event != 'incident.resolved' AND seq = (SELECT max(n.seq) FROM "
      "outbox n WHERE n.receiver = o.receiver "
      "AND n.dedup_key = o.dedup_key AND n.status = 2)) ORDER BY created, rowid LIMIT ?2)",
      before, count);
}

Result<std::int64_t> excess(Database& database, std::int64_t max_rows) {
  const auto rows = one_integer(query(database, "SELECT count(*) FROM outbox"));
  if (!rows) return rows.error();
  return rows->value_or(0) - max_rows;
}

/// Deletes up to `count` of the rows with this status and event, oldest first; an empty event means any.
Result<std::int64_t> drop(Database& database, DeliveryStatus status, const std::string& event, std::int64_t count) {
  const Result<void> gone =
      run(database,
          "DELETE FROM outbox WHERE rowid IN (SELECT rowid FROM outbox WHERE status = ?1 AND (?2 = '' OR event = ?2) "
          "ORDER BY created, rowid LIMIT ?3)",
          static_cast<int>(status), event, count);
  if (!gone) return gone.error();
  return database.changes();
}

/// As far as the table is over `max_rows`. Returns how many went.
Result<std::int64_t> drop_excess(Database& database, std::int64_t max_rows, DeliveryStatus status,
                                 const std::string& event) {
  const Result<std::int64_t> over = excess(database, max_rows);
  if (!over || *over <= 0) return over ? Result<std::int64_t>{0} : over;
  return drop(database, status, event, *over);
}

}  // namespace

Result<std::int64_t> prune_outbox(Database& database, TimePoint before, std::int64_t max_rows) {
  if (const Result<void> gone = drop_finished(database, before, -1); !gone) return gone.error();
  const Result<std::int64_t> over = excess(database, max_rows);
  if (!over || *over <= 0) return over ? Result<std::int64_t>{0} : over;
  if (const Result<void> gone = drop_finished(database, TimePoint::max(), *over); !gone) return gone.error();
  if (const auto gone = drop_excess(database, max_rows, DeliveryStatus::dead, ""); !gone) return gone;
  const Result<std::int64_t> reminders = drop_excess(database, max_rows, DeliveryStatus::pending, "incident.reminder");
  if (!reminders) return reminders;
  const Result<std::int64_t> improved = drop_excess(database, max_rows, DeliveryStatus::pending, "incident.improved");
  if (!improved) return improved;
  return *reminders + *improved;
}

}  // namespace crmpulse::store
