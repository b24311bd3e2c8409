#pragma once
// Reads samples back from the store for `backtest`: from the history's blocks as far back as they reach, from the
// journal where it begins.

#include <cstdint>
#include <optional>

#include "collector/backtest/reader.h"
#include "store/collector/collector_store.h"
#include "wire/remote_write.h"

namespace crmpulse::collector {

/// The stored samples of a span of time as `backtest` reads them, each once. About a million are held at a time.
class StoredSamples {
 public:
  /// `database` outlives this object.
  StoredSamples(store::Database& database, TimePoint from, TimePoint to)
      : database_(database), from_(from), to_(to), covered_(from) {}
  /// Returns samples in time order: of blocks as they were measured, of the journal with a tick at the end of each
  /// record. nullopt at the end of the span.
  [[nodiscard]] Result<std::optional<BacktestBatch>> next();

 private:
  [[nodiscard]] Result<BacktestBatch> next_of_blocks();
  [[nodiscard]] Result<BacktestBatch> next_of_journal();
  [[nodiscard]] Result<void> read_slice(TimePoint part, TimePoint end, BacktestBatch& batch);
  void take(const store::JournalRecord& record, BacktestBatch& batch);

  store::Database& database_;
  TimePoint from_;
  TimePoint to_;
  TimePoint covered_;                             ///< blocks are looked for from here on
  TimePoint of_blocks_until_ = TimePoint::min();  ///< what was measured before it came from blocks
  wire::Decoder decoder_;
  BacktestNames names_;
  std::int64_t in_blocks_ = 0;  ///< up to this seq the journal's records are in blocks too
  std::int64_t seq_ = 0;
  bool in_journal_ = false;
  bool ended_ = false;
};

}  // namespace crmpulse::collector
