#pragma once
// The timeline of states: one row for each change of what a CRM's state was, from its first sample on. Kept for as long
// as `retention.states` says, also of CRMs that are not watched any more.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/failure/error.h"
#include "core/level.h"
#include "core/time/time.h"
#include "store/sqlite/database.h"

namespace crmpulse::store {

/// What holds of a CRM from `at` on, until its next change.
struct StateChange {
  TimePoint at;
  std::string crm;
  Level state = Level::healthy;
  DataStatus data_status = DataStatus::warming_up;
  std::optional<double> score;  ///< at that time
  bool maintenance = false;
};

/// Stores a change. Stored again, as after a replay, it is the same row: one for each CRM and instant.
[[nodiscard]] Result<void> save_state_change(Database& database, const StateChange& change);
/// Visits, in order, the last change of the CRM at or before `from`, which is what held then, and those of (from, to].
[[nodiscard]] Result<void> read_state_changes(Database& database, const std::string& crm, TimePoint from, TimePoint to,
                                              const std::function<void(const StateChange&)>& visit);
/// Returns the CRMs that have a change, in order.
[[nodiscard]] Result<std::vector<std::string>> crms_with_states(Database& database);
/// Deletes the changes after `last`, which a clock that was ahead wrote.
[[nodiscard]] Result<void> drop_states_after(Database& database, TimePoint last);
/// Deletes changes before `before`, but of each CRM never what held then; at most `max_rows`. Returns how many went.
[[nodiscard]] Result<std::int64_t> prune_states(Database& database, TimePoint before, int max_rows);

}  // namespace crmpulse::store
