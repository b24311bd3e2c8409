#pragma once
// The spool's table: rows in order, measured by running offsets. Not thread-safe. Internal to store/.

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "store/spool/spool_row.h"
#include "store/sqlite/database.h"

namespace crmpulse::store {

class SpoolTable {
 public:
  [[nodiscard]] static Result<SpoolTable> open(const std::string& state_dir);
  /// Not open yet: every call tries it, and gives the disk's error until it works.
  [[nodiscard]] static SpoolTable closed(const std::string& state_dir) { return SpoolTable{state_dir}; }

  struct Totals {
    std::uint64_t bytes = 0;
    std::uint64_t rows = 0;
    TimePoint oldest;
  };
  [[nodiscard]] Result<Totals> totals();

  /// Adds the rows in one synced transaction and drops the oldest beyond `max_bytes`; with `make_room` first as many
  /// of the oldest as the new ones need. Returns how many samples were dropped. After an error nothing has changed.
  [[nodiscard]] Result<std::int64_t> add(const std::deque<SpoolRow>& rows, std::uint64_t max_bytes, bool make_room);
  /// Calls `visit(seq, samples, body)` from the oldest on until it returns false.
  [[nodiscard]] Result<void> read(const std::function<bool(std::uint64_t, std::int64_t, std::string_view)>& visit);
  /// Without a sync, as set_unsynced().
  [[nodiscard]] Result<void> remove_through(std::uint64_t seq);

  /// Saves what can be read (store/sqlite/salvage.h) if damage is why a call failed.
  [[nodiscard]] Result<void> mend(const Error& why);

  [[nodiscard]] Result<void> set(const std::string& name, const std::string& value);
  /// Like set(), without a sync: the value outlives the process, and the machine once something later is synced.
  [[nodiscard]] Result<void> set_unsynced(const std::string& name, const std::string& value);
  [[nodiscard]] Result<std::string> get(const std::string& name);

 private:
  explicit SpoolTable(std::string state_dir) : state_dir_(std::move(state_dir)) {}
  SpoolTable(std::string state_dir, Database database)
      : state_dir_(std::move(state_dir)), database_(std::move(database)) {}
  Result<std::int64_t> add_in_transaction(const std::deque<SpoolRow>& rows, std::uint64_t max_bytes, bool make_room);
  Result<std::int64_t> drop_oldest(std::uint64_t bytes);
  [[nodiscard]] Result<void> ready();
  Result<void> unsynced(const std::function<Result<void>()>& write);

  std::string state_dir_;
  std::optional<Database> database_;  ///< absent: it could not be opened yet, or anew after damage
};

}  // namespace crmpulse::store
