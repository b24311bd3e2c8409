#pragma once
// Moves readings from the journal into the stored history's blocks, beside the loop. The journal has every body before
// it is acknowledged, so nothing open is kept in memory from one pass to the next, and a crash costs at most a pass:
// blocks count once the journal's seq they reach is stored, in one transaction with that seq.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "collector/history/series.h"
#include "store/collector/collector_store.h"
#include "store/collector/writer.h"
#include "store/history/history.h"
#include "wire/remote_write.h"

namespace crmpulse::collector {

/// Not for the loop's thread: it waits for the writer.
class HistoryBuilder {
 public:
  struct Limits {
    Duration wait{std::chrono::minutes{15}};         ///< a record is in a block at the latest so long after it came
    std::int64_t pending_bytes = 128 * 1024 * 1024;  ///< of bodies; so many are not waited for
    std::int64_t pass_bytes = 16 * 1024 * 1024;      ///< of bodies, read in one pass
    std::size_t pass_readings = 1'000'000;           ///< held in memory at once
    int many = 24;                                   ///< blocks of one CRM in the part that still runs
    std::int64_t small_readings =
        1'000;  ///< blocks of more on average are good enough: merging costs as much as making
    std::int64_t merged_readings = 1'000'000;  ///< a larger block is not made by merging
  };
  struct Stats {
    std::uint64_t readings = 0;  ///< written into blocks, merges apart
    std::uint64_t blocks = 0;
    std::uint64_t merges = 0;
    std::uint64_t damaged = 0;  ///< blocks that were set aside when they were to be merged
    std::uint64_t skipped = 0;  ///< readings that are not numbers, or of the future, and records that cannot be read
  };

  /// `reader` is a connection of this object's own; `writer` outlives it.
  HistoryBuilder(store::Database reader, store::Writer& writer) : HistoryBuilder(std::move(reader), writer, Limits{}) {}
  HistoryBuilder(store::Database reader, store::Writer& writer, Limits limits);

  /// Deletes what a crash left behind. Call it once, before the first build().
  [[nodiscard]] Result<void> begin();
  /// Builds blocks of what has waited long enough, at most one pass of it. Returns true if more is waiting.
  [[nodiscard]] Result<bool> build(TimePoint now);
  /// Merges blocks where a part is over, for some CRMs. Returns true if there may be more to merge.
  [[nodiscard]] Result<bool> merge(TimePoint now);
  [[nodiscard]] const Stats& stats() const { return stats_; }

  struct Pass;  ///< what one pass holds; of the implementation

 private:
  [[nodiscard]] Result<std::int64_t> collect(Pass& pass, std::int64_t after);
  void take(const store::JournalRecord& record, Pass& pass);
  [[nodiscard]] Result<void> write(Pass& pass);
  [[nodiscard]] Result<void> add(std::vector<store::HistoryBlock>& blocks);
  [[nodiscard]] Result<void> merge_one(const store::Mergeable& place);

  store::Database reader_;
  store::Writer& writer_;
  Limits limits_;
  wire::Decoder decoder_;
  std::vector<wire::Reading> memory_;  ///< of the decoder, reused
  bool begun_ = false;
  Stats stats_;
};

}  // namespace crmpulse::collector
