#include "store/collector/collector_store.h"
#include "store/sqlite/query.h"

namespace crmpulse::store {

Result<void> save_state(Database& database, const StoredState& state) {
  return run(database,
             "INSERT INTO engine_state(crm, folded_seq, blob) VALUES(?, ?, ?) "
             "ON CONFLICT(crm) DO UPDATE SET folded_seq = excluded.folded_seq, blob = excluded.blob",
             state.crm, state.folded_seq, Blob{state.blob});
}

Result<void> delete_state(Database& database, const std::string& crm) {
  return run(database, "DELETE FROM engine_state WHERE crm = ?", crm);
}

Result<bool> has_state(Database& database, const std::string& crm) {
  const auto found = one_integer(query(database, "SELECT 1 FROM engine_state WHERE crm = ?", crm));
  if (!found) return found.error();
  return found->has_value();
}

Result<std::vector<StoredState>> load_states(Database& database) {
  std::vector<StoredState> all;
  const auto rows = query(database, "SELECT crm, folded_seq, blob FROM engine_state ORDER BY crm");
  const Result<void> done = each_row(
      rows, [&](const Statement& row) { all.push_back({text_at(row, 0), row.integer(1), std::string{row.blob(2)}}); });
  if (!done) return done.error();
  return all;
}

Result<void> set_meta(Database& database, const std::string& name, const std::string& value) {
  return run(database,
             "INSERT INTO meta(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value", name,
             value);
}

Result<std::optional<std::string>> get_meta(Database& database, const std::string& name) {
  std::optional<std::string> value;
  const auto rows = query(database, "SELECT value FROM meta WHERE name = ?", name);
  const Result<void> done = each_row(rows, [&](const Statement& row) { value = text_at(row, 0); });
  if (!done) return done.error();
  return value;
}

}  // namespace crmpulse::store
