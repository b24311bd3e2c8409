#include "store/collector/collector_store.h"
#include "store/sqlite/query.h"

namespace crmpulse::store {
namespace {

StoredIncident read_incident(const Statement& row) {
  StoredIncident incident;
  incident.id = row.text(0);
  incident.crm = row.text(1);
  incident.kind = row.text(2);
  incident.level = static_cast<int>(row.integer(3));
  incident.opened = time_at(row, 4);
  if (!row.is_null(5)) incident.resolved = time_at(row, 5);
  incident.detail = row.text(6);
  return incident;
}

Result<std::vector<StoredIncident>> read_incidents(const Result<Statement*>& rows) {
  std::vector<StoredIncident> all;
  const Result<void> done = each_row(rows, [&](const Statement& row) { all.push_back(read_incident(row)); });
  if (!done) return done.error();
  return all;
}

}  // namespace

Result<void> save_incident(Database& database, const StoredIncident& incident) {
  return run(database,
             "INSERT INTO incident(id, crm, kind, level, opened, resolved, detail) VALUES(?, ?, ?, ?, ?, ?, ?) "
             "ON CONFLICT(id) DO UPDATE SET crm = excluded.crm, kind = excluded.kind, level = excluded.level, "
             "opened = excluded.opened, resolved = excluded.resolved, detail = excluded.detail",
             incident.id, incident.crm, incident.kind, incident.level, incident.opened, incident.resolved,
             incident.detail);
}

Result<std::vector<StoredIncident>> list_incidents(Database& database, const IncidentFilter& filter) {
  // -1: both; the number is bound, so that the text stays one of two.
  const int open = filter.open ? (*filter.open ? 1 : 0) : -1;
  const int level = filter.level.value_or(-1);
  if (filter.crm.empty()) {
    return read_incidents(
        query(database,
              "SELECT id, crm, kind, level, opened, resolved, detail FROM incident "
              "WHERE (?1 = -1 OR (resolved IS NULL) = ?1) AND (?2 = '' OR kind = ?2) AND (?3 = '' OR (opened, id) < "
              "(SELECT opened, id FROM incident WHERE id = ?3)) AND (?4 = -1 OR level = ?4) AND opened < ?5 AND "
              "(resolved IS NULL OR resolved >= ?6) ORDER BY opened DESC, id DESC LIMIT ?7",
              open, filter.kind, filter.before, level, filter.to, filter.from, filter.limit));
  }
  return read_incidents(query(
      database,
      "SELECT id, crm, kind, level, opened, resolved, detail FROM incident "
      "WHERE crm = ?1 AND (?2 = -1 OR (resolved IS NULL) = ?2) AND (?3 = '' OR kind = ?3) AND (?4 = '' OR "
      "(opened, id) < (SELECT opened, id FROM incident WHERE id = ?4)) AND (?5 = -1 OR level = ?5) AND opened < ?6 "
      "AND (resolved IS NULL OR resolved >= ?7) ORDER BY opened DESC, id DESC LIMIT ?8",
      filter.crm, open, filter.kind, filter.before, level, filter.to, filter.from, filter.limit));
}

Result<std::optional<StoredIncident>> get_incident(Database& database, const std::string& id) {
  const auto found = read_incidents(
      query(database, "SELECT id, crm, kind, level, opened, resolved, detail FROM incident WHERE id = ?", id));
  if (!found) return found.error();
  if (found->empty()) return std::optional<StoredIncident>{};
  return std::optional<StoredIncident>{found->front()};
}

}  // namespace crmpulse::store
