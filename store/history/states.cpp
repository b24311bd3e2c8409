#include "store/history/states.h"

#include <algorithm>

#include "store/sqlite/query.h"

namespace crmpulse::store {
namespace {

/// Of the columns crm, at, state, data_status, score, maintenance. A number that no version knows is the worst.
StateChange change_of(const Statement& row) {
  StateChange change;
  change.crm = row.text(0);
  change.at = time_at(row, 1);
  change.state = static_cast<Level>(std::clamp<std::int64_t>(row.integer(2), 0, static_cast<int>(last(Level{}))));
  change.data_status =
      static_cast<DataStatus>(std::clamp<std::int64_t>(row.integer(3), 0, static_cast<int>(last(DataStatus{}))));
  if (!row.is_null(4)) change.score = row.real(4);
  change.maintenance = row.integer(5) != 0;
  return change;
}

}  // namespace

Result<void> save_state_change(Database& database, const StateChange& change) {
  return run(database,
             "INSERT INTO crm_state(crm, at, state, data_status, score, maintenance) VALUES(?, ?, ?, ?, ?, ?) "
             "ON CONFLICT(crm, at) DO UPDATE SET state = excluded.state, data_status = excluded.data_status, "
             "score = excluded.score, maintenance = excluded.maintenance",
             change.crm, change.at, static_cast<int>(change.state), static_cast<int>(change.data_status), change.score,
             static_cast<int>(change.maintenance));
}

Result<void> read_state_changes(Database& database, const std::string& crm, TimePoint from, TimePoint to,
                                const std::function<void(const StateChange&)>& visit) {
  return each_row(query(database,
                        "SELECT crm, at, state, data_status, score, maintenance FROM crm_state WHERE crm = ?1 AND at "
                        "<= ?3 AND at >= coalesce((SELECT max(at) FROM crm_state WHERE crm = ?1 AND at <= ?2), ?2) "
                        "ORDER BY at",
                        crm, from, to),
                  [&](const Statement& row) { visit(change_of(row)); });
}

Result<std::vector<std::string>> crms_with_states(Database& database) {
  std::vector<std::string> crms;
  // From name to name: walking over all rows would take as long as they are many.
  std::optional<std::string> next{std::string{}};
  while (next) {
    const std::string after = *next;
    next.reset();
    const auto done =
        each_row(query(database, "SELECT min(crm) FROM crm_state WHERE crm > ?", after), [&](const Statement& row) {
          if (!row.is_null(0)) next = text_at(row, 0);
        });
    if (!done) return done.error();
    if (next) crms.push_back(*next);
  }
  return crms;
}

Result<void> drop_states_after(Database& database, TimePoint last) {
  return run(database, "DELETE FROM crm_state WHERE at > ?", last);
}

Result<std::int64_t> prune_states(Database& database, TimePoint before, int max_rows) {
  const auto gone =
      run(database,
          "DELETE FROM crm_state WHERE (crm, at) IN (SELECT crm, at FROM crm_state s WHERE at < ?1 AND "
          "EXISTS(SELECT 1 FROM crm_state n WHERE n.crm = s.crm AND n.at > s.at AND n.at <= ?1) LIMIT ?2)",
          before, max_rows);
  if (!gone) return gone.error();
  return database.changes();
}

}  // namespace crmpulse::store
