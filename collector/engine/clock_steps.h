#pragma once
// Moves what is remembered when a clock was wrong, so that what was so long ago stays so long ago: at start, when the
// store is later than the clock; and whenever the wall clock is set. Belongs to the EngineLoop and its thread.

#include <functional>
#include <vector>

#include "collector/engine/engine_state.h"
#include "collector/engine/retention_hold.h"
#include "collector/engine/write_queue.h"
#include "net/loop/loop.h"
#include "store/collector/writer.h"

namespace crmpulse::collector {

class ClockSteps {
 public:
  /// The smallest difference between the engine's clock and the wall clock that is corrected.
  static constexpr Duration kLeast{std::chrono::seconds{2}};

  ClockSteps(net::Loop& loop, store::Writer& writer, EngineState& state, RetentionHold& retention, WriteQueue& queue)
      : loop_(loop), writer_(writer), state_(state), retention_(retention), queue_(queue) {}

  /// Returns the newest time that is stored: the clock was there, if it was right.
  [[nodiscard]] static Result<TimePoint> newest_known(store::Database& database);
  /// Moves what was loaded if it is later than the clock says, so that nothing of it lies in the future.
  [[nodiscard]] Result<void> rebase(store::Database& database);
  /// Returns the times of a record that is replayed, moved likewise.
  [[nodiscard]] RecordStamp stamp_of(const store::JournalRecord& record) const;
  /// Moves all times by `by`. Calls `reloaded` later, when suppressions that hold again are known.
  void apply(Duration by, std::function<void()> reloaded);
  /// Does what was put off until the clock could be trusted. Call it once a second.
  void tick();

 private:
  void reload_suppressions(std::vector<store::StoredSuppression> moved, Duration by, std::function<void()> reloaded);
  void tell_rebased();
  void tell_over();
  void tell(Event event);
  [[nodiscard]] Result<bool> somebody_knows(store::Database& database) const;

  net::Loop& loop_;
  store::Writer& writer_;
  EngineState& state_;
  RetentionHold& retention_;
  WriteQueue& queue_;
  TimePoint begun_;             ///< when this run began
  Duration rebase_{};           ///< added to the times of records that are replayed, when they lie in the future
  Duration untold_{};           ///< of what was stored, as far as nobody was told of it
  TimePoint over_at_;           ///< receivers know that the clock was wrong: it was right long enough then
  TimePoint tell_at_;           ///< somebody may put the clock right until then
  TimePoint forget_future_at_;  ///< until then the clock may turn out to be wrong
};

}  // namespace crmpulse::collector
