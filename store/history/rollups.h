#pragma once
// Rollups of the history: the readings of each CRM summed up by minutes, hours and days (store/history/rollup_block),
// one block for each span of a tier. They are made of a whole part of the history at once, replacing what was made of
// it before: made twice they are the same. Which blocks of a part are in them is known by the newest one's id.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "core/time/time.h"
#include "store/history/history.h"

namespace crmpulse::store {

enum class Tier : std::uint8_t { minutes = 0, hours = 1, days = 2 };
[[nodiscard]] constexpr Tier last(Tier) {
  return Tier::days;
}

/// How long one point of a tier is.
[[nodiscard]] Duration width_of(Tier tier);
/// How long one block of a tier is: of minutes a part of the history, of hours a day, of days sixteen.
[[nodiscard]] Duration span_of(Tier tier);
/// Returns the begin of the span that `time` lies in; days are those of UTC.
[[nodiscard]] TimePoint span_begin(Tier tier, TimePoint time);

struct RollupRow {
  Tier tier = Tier::minutes;
  TimePoint span;
  std::string crm;
  std::string bytes;
  bool intact = true;  ///< of what was loaded: false if its checksum does not fit
};
/// Takes the place of what there is of the same tier, span and CRM. Without bytes there is nothing any more.
[[nodiscard]] Result<void> put_rollups(Database& database, const RollupRow& row);
[[nodiscard]] Result<std::optional<RollupRow>> get_rollups(Database& database, Tier tier, const std::string& crm,
                                                           TimePoint span);
/// Returns the begin of the oldest span of the CRM; nullopt if there is none.
[[nodiscard]] Result<std::optional<TimePoint>> oldest_rollups(Database& database, Tier tier, const std::string& crm);
/// Likewise of all CRMs together.
[[nodiscard]] Result<std::optional<TimePoint>> oldest_rollups(Database& database, Tier tier);
/// Deletes blocks of spans that ended before `before`, at most `max_rows`. Returns how many went.
[[nodiscard]] Result<std::int64_t> prune_rollups(Database& database, Tier tier, TimePoint before, int max_rows);

/// A part of the history with blocks that are in no rollup yet.
struct Unrolled {
  TimePoint part;
  std::string crm;
  std::int64_t rolled_id = 0;  ///< newest block that is in rollups; 0: none
};
/// Returns parts that began before `before`, oldest first, at most `limit`.
[[nodiscard]] Result<std::vector<Unrolled>> find_unrolled(Database& database, TimePoint before, int limit);
/// Returns those of one CRM that may hold readings of [from, to], in order.
[[nodiscard]] Result<std::vector<TimePoint>> unrolled_of(Database& database, const std::string& crm, TimePoint from,
                                                         TimePoint to);
/// Notes that the blocks of the part up to this id are in rollups.
[[nodiscard]] Result<void> mark_rolled(Database& database, TimePoint part, const std::string& crm, std::int64_t id);
/// Forgets that the parts of [from, to) are in rollups: they are made again.
[[nodiscard]] Result<void> unmark_rolled(Database& database, const std::string& crm, TimePoint from, TimePoint to);
/// Deletes the blocks of the part up to this id.
[[nodiscard]] Result<void> drop_blocks(Database& database, TimePoint part, const std::string& crm, std::int64_t id);

/// Returns how much of the file is in use.
[[nodiscard]] Result<std::int64_t> used_bytes(Database& database);
/// Parts up to this one may have lost their blocks by age or size: their rollups are all that is left of them. nullopt:
/// none has.
[[nodiscard]] Result<std::optional<TimePoint>> pruned_to(Database& database);
/// Deletes blocks that are in rollups of parts that ended before `before`, oldest first, at most `max_rows`; notes how
/// far that goes. Returns how many went.
[[nodiscard]] Result<std::int64_t> prune_rolled_blocks(Database& database, TimePoint before, int max_rows);

}  // namespace crmpulse::store
