#pragma once
// The stored history: readings of each CRM in blocks (store/history/history_block), one or more for each part of six
// hours. What is in blocks is known by the journal's seq: readings of later records are in the journal alone.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "core/time/time.h"
#include "store/sqlite/database.h"

namespace crmpulse::store {

/// A block never reaches over the end of one: parts begin at 0, 6, 12 and 18 o'clock UTC.
inline constexpr Duration kHistoryPart{std::chrono::hours{6}};
[[nodiscard]] TimePoint part_of(TimePoint time);

struct HistoryBlock {
  TimePoint part;
  std::string crm;  ///< empty: of agents, without a CRM
  std::int64_t readings = 0;
  std::string bytes;
};

/// Adds blocks that do not count yet: after a crash they go.
[[nodiscard]] Result<void> add_blocks(Database& database, const std::vector<HistoryBlock>& blocks);
/// What was added counts: the records up to `seq` are in blocks.
[[nodiscard]] Result<void> finish_blocks(Database& database, std::int64_t seq);
/// Deletes what was added and never finished; at start.
[[nodiscard]] Result<void> drop_unfinished_blocks(Database& database);
/// Up to this seq the journal's records are in blocks; 0: none.
[[nodiscard]] Result<std::int64_t> history_seq(Database& database);

/// What the journal holds behind `seq`.
struct Pending {
  std::optional<TimePoint> oldest;  ///< when its first record was received; absent: it holds none
  std::int64_t bytes = 0;           ///< of bodies
};
[[nodiscard]] Result<Pending> pending_journal(Database& database, std::int64_t seq);

struct StoredBlock {
  std::int64_t id = 0;
  TimePoint part;
  std::string_view crm;
  std::string_view bytes;
  bool intact = true;  ///< false if its checksum does not fit. What an earlier version stored has none
};
/// Visits the blocks of one CRM that may hold readings of [from, to], by part, else in the order they were added. Stops
/// early if the visitor returns false. The views live during its call.
[[nodiscard]] Result<void> read_blocks(Database& database, const std::string& crm, TimePoint from, TimePoint to,
                                       const std::function<bool(const StoredBlock&)>& visit);
/// A part of the history, all CRMs together.
struct HistoryPartSize {
  TimePoint part;
  std::int64_t readings = 0;
};
/// Returns the first part with blocks that ends after `from`; nullopt if there is none.
[[nodiscard]] Result<std::optional<HistoryPartSize>> next_part(Database& database, TimePoint from);
/// Visits all blocks of the part that begins at `part`, by CRM.
[[nodiscard]] Result<void> read_part(Database& database, TimePoint part,
                                     const std::function<void(const StoredBlock&)>& visit);
/// Is there a block of this CRM?
[[nodiscard]] Result<bool> has_blocks(Database& database, const std::string& crm);
/// Deletes a block that cannot be used. Deleting one that is gone has no effect.
[[nodiscard]] Result<void> delete_block(Database& database, std::int64_t id);

/// Where several blocks wait to become one.
struct Mergeable {
  TimePoint part;
  std::string crm;
};
struct MergeChoice {
  TimePoint ended;         ///< parts before it are over: more than one block of a CRM may become one
  int many = 0;            ///< so many blocks may in other parts
  std::int64_t small = 0;  ///< only where a block holds fewer readings than that on average: larger ones gain little
  std::int64_t most = 0;   ///< what would hold more stays as it is
  int limit = 0;
};
[[nodiscard]] Result<std::vector<Mergeable>> find_mergeable(Database& database, const MergeChoice& choice);
/// `merged` takes the place of all blocks of its part and CRM. Only for who adds them.
[[nodiscard]] Result<void> replace_blocks(Database& database, const HistoryBlock& merged);

struct HistorySize {
  std::int64_t blocks = 0;
  std::int64_t readings = 0;
  std::int64_t bytes = 0;
};
[[nodiscard]] Result<HistorySize> history_size(Database& database);

}  // namespace crmpulse::store
