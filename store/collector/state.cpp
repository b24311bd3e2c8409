#include <string_view>

#include "store/collector/collector_store.h"
#include "store/sqlite/checksum.h"
#include "store/sqlite/query.h"

namespace crmpulse::store {
namespace {

std::int64_t checksum_of(const StoredState& state) {
  return Checksum{}.add(state.crm).add(state.folded_seq).add(state.blob).value();
}

std::int64_t checksum_of_meta(std::string_view name, std::string_view value) {
  return Checksum{}.add(name).add(value).value();
}

}  // namespace

Result<void> save_state(Database& database, const StoredState& state) {
  return run(database,
             "INSERT INTO engine_state(crm, folded_seq, blob, checksum) VALUES(?, ?, ?, ?) "
             "ON CONFLICT(crm) DO UPDATE SET folded_seq = excluded.folded_seq, blob = excluded.blob, "
             "checksum = excluded.checksum",
             state.crm, state.folded_seq, Blob{state.blob}, checksum_of(state));
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
  const auto rows = query(database, "SELECT crm, folded_seq, blob, checksum FROM engine_state ORDER BY crm");
  const Result<void> done = each_row(rows, [&](const Statement& row) {
    StoredState& state = all.emplace_back(StoredState{text_at(row, 0), row.integer(1), std::string{row.blob(2)}});
    state.intact = row.is_null(3) || row.integer(3) == checksum_of(state);
  });
  if (!done) return done.error();
  return all;
}

Result<void> set_meta(Database& database, const std::string& name, const std::string& value) {
  return run(database,
             "INSERT INTO meta(name, value, checksum) VALUES(?, ?, ?) ON CONFLICT(name) DO UPDATE SET "
             "value = excluded.value, checksum = excluded.checksum",
             name, value, checksum_of_meta(name, value));
}

Result<std::optional<std::string>> get_meta(Database& database, const std::string& name) {
  std::optional<std::string> value;
  const auto rows = query(database, "SELECT value FROM meta WHERE name = ?", name);
  const Result<void> done = each_row(rows, [&](const Statement& row) { value = text_at(row, 0); });
  if (!done) return done.error();
  return value;
}

Result<bool> is_meta_intact(Database& database, const std::string& name) {
  bool intact = true;
  const auto rows = query(database, "SELECT value, checksum FROM meta WHERE name = ?", name);
  const Result<void> done = each_row(rows, [&](const Statement& row) {
    intact = row.is_null(1) || row.integer(1) == checksum_of_meta(name, row.text(0));
  });
  if (!done) return done.error();
  return intact;
}

}  // namespace crmpulse::store
