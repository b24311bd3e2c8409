#pragma once
// Reads samples back from the journal for `backtest`.

#include <cstdint>

#include "collector/backtest/reader.h"
#include "store/collector/collector_store.h"
#include "wire/remote_write.h"

namespace crmpulse::collector {

/// The journal's samples of a span of time as `backtest` reads them; a few records are held at a time.
class JournalSamples {
 public:
  /// `database` outlives this object.
  JournalSamples(store::Database& database, TimePoint from, TimePoint to) : database_(database), from_(from), to_(to) {}
  /// Returns samples, with a tick at the end of each record; nullopt at the end of the span.
  [[nodiscard]] Result<std::optional<BacktestBatch>> next();

 private:
  void take(const store::JournalRecord& record, BacktestBatch& batch);

  store::Database& database_;
  TimePoint from_;
  TimePoint to_;
  wire::Decoder decoder_;
  BacktestNames names_;
  std::int64_t seq_ = 0;
  bool ended_ = false;
};

}  // namespace crmpulse::collector
