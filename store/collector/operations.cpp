// What operators said, the timelines of incidents, change markers, and the outbox as people look at it.

#include "core/hash.h"
#include "store/collector/collector_store.h"
#include "store/collector/outbox_row.h"
#include "store/sqlite/query.h"

namespace crmpulse::store {
namespace {

StoredSuppression read_suppression(const Statement& row) {
  StoredSuppression suppression;
  suppression.id = row.text(0);
  suppression.kind = static_cast<SuppressionKind>(row.integer(1));
  suppression.created = time_at(row, 2);
  suppression.starts = time_at(row, 3);
  if (!row.is_null(4)) suppression.ends = time_at(row, 4);
  suppression.detail = row.text(5);
  return suppression;
}

Result<std::vector<OutboxRow>> read_deliveries(const Result<Statement*>& rows) {
  std::vector<OutboxRow> all;
  const Result<void> done = each_row(rows, [&](const Statement& row) { all.push_back(read_outbox_row(row)); });
  if (!done) return done.error();
  return all;
}

/// From here on lines are notes: the collector numbers the others, and there are far fewer of them.
constexpr std::int64_t kFirstNote = 1'000'000;

}  // namespace

Result<void> add_event(Database& database, const IncidentEvent& event) {
  return run(database,
             "INSERT INTO incident_event(incident, at, digest, number, body) VALUES(?, ?, ?, ?, ?) "
             "ON CONFLICT(incident, at, digest) DO NOTHING",
             event.incident, event.at, static_cast<std::int64_t>(stable_hash(event.body)), event.number, event.body);
}

Result<bool> add_note(Database& database, IncidentEvent note, std::int64_t most) {
  const auto notes = one_integer(query(
      database, "SELECT count(*) FROM incident_event WHERE incident = ? AND number >= ?", note.incident, kFirstNote));
  if (!notes) return notes.error();
  if (notes->value_or(0) >= most) return false;
  note.number = kFirstNote + notes->value_or(0);
  if (auto added = add_event(database, note); !added) return added.error();
  return true;
}

Result<std::vector<IncidentEvent>> list_events(Database& database, const std::string& incident, int limit) {
  std::vector<IncidentEvent> events;
  const auto rows = query(
      database,
      "SELECT incident, at, number, body FROM incident_event WHERE incident = ? ORDER BY at, number, digest LIMIT ?",
      incident, limit);
  const Result<void> done = each_row(rows, [&](const Statement& row) {
    events.push_back({text_at(row, 0), time_at(row, 1), row.integer(2), text_at(row, 3)});
  });
  if (!done) return done.error();
  return events;
}

Result<std::vector<std::pair<std::string, std::int64_t>>> count_open_events(Database& database) {
  std::vector<std::pair<std::string, std::int64_t>> counts;
  const auto rows =
      query(database,
            "SELECT incident, count(*) FROM incident_event WHERE number < ? AND incident IN (SELECT id FROM "
            "incident WHERE resolved IS NULL) GROUP BY incident",
            kFirstNote);
  const Result<void> done =
      each_row(rows, [&](const Statement& row) { counts.emplace_back(text_at(row, 0), row.integer(1)); });
  if (!done) return done.error();
  return counts;
}

Result<void> prune_incidents(Database& database, TimePoint before, int max_rows) {
  std::vector<std::string> old;
  const auto rows =
      query(database, "SELECT id FROM incident WHERE resolved < ? ORDER BY opened LIMIT ?", before, max_rows);
  const Result<void> found = each_row(rows, [&](const Statement& row) { old.push_back(text_at(row, 0)); });
  if (!found) return found;
  for (const std::string& id : old) {
    if (auto gone = run(database, "DELETE FROM incident_event WHERE incident = ?", id); !gone) return gone;
    if (auto gone = run(database, "DELETE FROM incident WHERE id = ?", id); !gone) return gone;
  }
  return {};
}

Result<void> save_suppression(Database& database, const StoredSuppression& suppression) {
  return run(database, "INSERT INTO suppression(id, kind, created, starts, ends, detail) VALUES(?, ?, ?, ?, ?, ?)",
             suppression.id, static_cast<int>(suppression.kind), suppression.created, suppression.starts,
             suppression.ends, suppression.detail);
}

Result<void> move_suppression(Database& database, const StoredSuppression& suppression) {
  return run(database, "UPDATE suppression SET created = ?, starts = ?, ends = ? WHERE id = ?", suppression.created,
             suppression.starts, suppression.ends, suppression.id);
}

Result<bool> end_suppression(Database& database, SuppressionKind kind, const std::string& id, TimePoint at) {
  const Result<void> done =
      run(database, "UPDATE suppression SET ends = ?1 WHERE id = ?2 AND kind = ?3 AND (ends IS NULL OR ends > ?1)", at,
          id, static_cast<int>(kind));
  if (!done) return done.error();
  return database.changes() > 0;
}

Result<std::vector<StoredSuppression>> list_suppressions(Database& database, std::optional<SuppressionKind> kind,
                                                         TimePoint ended_after, int limit) {
  std::vector<StoredSuppression> all;
  const auto rows = query(database,
                          "SELECT id, kind, created, starts, ends, detail FROM suppression WHERE (?1 = -1 OR kind = "
                          "?1) AND (ends IS NULL OR ends >= ?2) ORDER BY created DESC, id DESC LIMIT ?3",
                          kind ? static_cast<int>(*kind) : -1, ended_after, limit);
  const Result<void> done = each_row(rows, [&](const Statement& row) { all.push_back(read_suppression(row)); });
  if (!done) return done.error();
  return all;
}

Result<void> prune_suppressions(Database& database, TimePoint before) {
  return run(database, "DELETE FROM suppression WHERE ends < ?", before);
}

Result<void> save_change(Database& database, const StoredChange& change) {
  return run(database,
             "INSERT INTO crm_change(crm, what, object, source, at, was, now) VALUES(?, ?, ?, ?, ?, ?, ?) "
             "ON CONFLICT(crm, what, object, source, at) DO NOTHING",
             change.crm, change.what, change.object, change.source, change.at, change.was, change.is);
}

Result<std::vector<StoredChange>> load_changes(Database& database) {
  std::vector<StoredChange> all;
  const auto rows =
      query(database, "SELECT crm, at, what, object, source, was, now FROM crm_change ORDER BY at, crm, what, object");
  const Result<void> done = each_row(rows, [&](const Statement& row) {
    StoredChange change{text_at(row, 0), time_at(row, 1), text_at(row, 2), text_at(row, 3), text_at(row, 4), {}, {}};
    if (!row.is_null(5)) change.was = text_at(row, 5);
    change.is = text_at(row, 6);
    all.push_back(std::move(change));
  });
  if (!done) return done.error();
  return all;
}

Result<void> prune_changes(Database& database, TimePoint before) {
  return run(
      database,
      "DELETE FROM crm_change WHERE at < ? AND EXISTS(SELECT 1 FROM crm_change n WHERE n.crm = crm_change.crm "
      "AND n.what = crm_change.what AND n.object = crm_change.object AND n.source = crm_change.source AND n.at > "
      "crm_change.at)",
      before);
}

Result<std::vector<OutboxRow>> list_deliveries(Database& database, const DeliveryFilter& filter) {
  // Two texts, so that each has an index to walk: few of many rows may be dead.
  if (filter.status) {
    return read_deliveries(
        query(database,
              "SELECT id, receiver, dedup_key, seq, event, level, created, not_before, attempts, last_code, "
              "last_error, status, lease_until FROM outbox WHERE status = ?1 AND (?2 = '' OR receiver = ?2) AND (?3 = "
              "'' OR dedup_key = ?3) AND (?4 = '' OR (created, rowid) < (SELECT created, rowid FROM outbox WHERE id = "
              "?4)) ORDER BY created DESC, rowid DESC LIMIT ?5",
              static_cast<int>(*filter.status), filter.receiver, filter.about, filter.before, filter.limit));
  }
  return read_deliveries(
      query(database,
            "SELECT id, receiver, dedup_key, seq, event, level, created, not_before, attempts, last_code, last_error, "
            "status, lease_until FROM outbox WHERE (?1 = '' OR receiver = ?1) AND (?2 = '' OR dedup_key = ?2) AND (?3 "
            "= '' OR (created, rowid) < (SELECT created, rowid FROM outbox WHERE id = ?3)) ORDER BY created DESC, "
            "rowid DESC LIMIT ?4",
            filter.receiver, filter.about, filter.before, filter.limit));
}

Result<std::map<std::string, ReceiverOutbox>> outbox_by_receiver(Database& database) {
  constexpr int kNewest = 5000;
  std::map<std::string, ReceiverOutbox> all;
  const auto waiting =
      query(database, "SELECT receiver, count(*) FROM outbox WHERE status IN (0, 1) GROUP BY receiver");
  Result<void> done = each_row(waiting, [&](const Statement& row) { all[text_at(row, 0)].waiting = row.integer(1); });
  if (!done) return done.error();
  const auto dead = query(database, "SELECT receiver, count(*) FROM outbox WHERE status = 3 GROUP BY receiver");
  done = each_row(dead, [&](const Statement& row) { all[text_at(row, 0)].dead = row.integer(1); });
  if (!done) return done.error();
  // Of a row that was delivered `not_before` is when.
  const auto delivered =
      query(database,
            "SELECT receiver, max(not_before) FROM (SELECT receiver, not_before FROM outbox WHERE status = 2 ORDER BY "
            "created DESC LIMIT ?) GROUP BY receiver",
            kNewest);
  done = each_row(delivered, [&](const Statement& row) { all[text_at(row, 0)].last_delivered = time_at(row, 1); });
  if (!done) return done.error();
  DeliveryFilter newest;
  newest.status = DeliveryStatus::dead;
  newest.limit = kNewest;
  auto rows = list_deliveries(database, newest);
  if (!rows) return rows.error();
  for (OutboxRow& row : *rows) {
    std::optional<OutboxRow>& last = all[row.receiver].last_dead;
    if (!last || last->not_before < row.not_before) last = std::move(row);
  }
  return all;
}

Result<std::optional<OutboxRow>> find_delivery(Database& database, const std::string& id) {
  std::optional<OutboxRow> found;
  const auto rows = query(database,
                          "SELECT id, receiver, dedup_key, seq, event, level, created, not_before, attempts, "
                          "last_code, last_error, status, lease_until FROM outbox WHERE id = ?",
                          id);
  const Result<void> done = each_row(rows, [&](const Statement& row) { found = read_outbox_row(row); });
  if (!done) return done.error();
  return found;
}

}  // namespace crmpulse::store
