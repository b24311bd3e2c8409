#pragma once
#include <cstdint>
#include <deque>

#include "collector/backtest.h"
#include "store/collector_store.h"
#include "wire/remote_write.h"

namespace crmpulse::collector {

/// The journal's samples of a span of time as `backtest` reads them; a few records are held at a time.
class JournalSamples {
 public:
  /// `database` outlives this object.
  JournalSamples(store::Database& database, TimePoint from, TimePoint to) : database_(database), from_(from), to_(to) {}
  /// The next sample, or tick at the end of each record; nothing at the end.
  [[nodiscard]] Result<std::optional<BacktestLine>> next();

 private:
  [[nodiscard]] Result<void> read_some();
  void take(const store::JournalRecord& record);

  store::Database& database_;
  TimePoint from_;
  TimePoint to_;
  wire::Decoder decoder_;
  std::int64_t seq_ = 0;
  bool ended_ = false;
  std::deque<BacktestLine> lines_;
};

}  // namespace crmpulse::collector
