#pragma once
// Sums readings up by minutes, hours and days, beside the loop, and deletes what is kept no longer. A part of the
// history is summed up as a whole from its blocks once it is over, and again when readings of it come late: what was
// made of it before is replaced, in one transaction with the note of which blocks are in it, so that a kill at any
// point loses and doubles nothing.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collector/history/damaged_blocks.h"
#include "store/collector/writer.h"
#include "store/history/history_block.h"
#include "store/history/rollup_block.h"
#include "store/history/rollups.h"

namespace crmpulse::collector {

/// How long the history is kept: nothing from before these times, and no more bytes than `most_bytes`.
struct HistoryKeep {
  TimePoint samples;
  TimePoint minutes;
  TimePoint states;              ///< of hours and days
  std::uint64_t most_bytes = 0;  ///< of the whole store; 0: any number
};

/// Not for the loop's thread: it waits for the writer.
class HistoryRoller {
 public:
  struct Stats {
    std::uint64_t parts = 0;    ///< summed up, of one CRM each
    std::uint64_t damaged = 0;  ///< blocks that were set aside
    std::uint64_t by_size = 0;  ///< blocks deleted because the store was larger than its bound
  };

  /// `reader` is a connection of this object's own; `writer` outlives it.
  HistoryRoller(store::Database reader, store::Writer& writer) : reader_(std::move(reader)), writer_(writer) {}

  /// Sums up some of the parts that are over and have blocks that are in no rollup. Returns true if there may be more.
  [[nodiscard]] Result<bool> roll(TimePoint now);
  /// Deletes what is older than `keep` says and in rollups, and the oldest while the store is too large; in small
  /// steps.
  [[nodiscard]] Result<void> prune(const HistoryKeep& keep);
  [[nodiscard]] const Stats& stats() const { return stats_; }

 private:
  using Points = std::map<std::string, std::vector<store::Rollup>>;  ///< by series

  [[nodiscard]] Result<void> roll_part(const store::Unrolled& place, bool blocks_are_all);
  [[nodiscard]] Result<std::optional<Points>> load(store::Tier tier, const std::string& crm, TimePoint span);
  [[nodiscard]] Result<std::int64_t> prune_by_size(std::uint64_t most_bytes);
  [[nodiscard]] Result<std::int64_t> run(const std::function<Result<std::int64_t>(store::Database&)>& job);

  store::Database reader_;
  store::Writer& writer_;
  Stats stats_;
};

/// Sums up readings in order by spans of `width`. Durations get sketches.
[[nodiscard]] std::vector<store::Rollup> roll_up(std::span<const store::Reading> readings, Duration width,
                                                 bool duration);

}  // namespace crmpulse::collector
