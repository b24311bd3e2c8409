#pragma once
// Folds records one by one within bounds. A record whose folding fails, takes too long or ends the process is set aside
// for good, so that what one sender sent keeps nobody from being watched
// (docs/decisions/0015-bounds-on-what-senders-bring.md). Belongs to the EngineLoop and its thread, or to whoever
// recovers before that runs.

#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <string_view>

#include "collector/engine/engine_state.h"
#include "collector/engine/write_queue.h"
#include "collector/state/replay_mark.h"
#include "store/collector/writer.h"

namespace crmpulse::collector {

class FoldGuard {
 public:
  FoldGuard(EngineState& state, store::Writer& writer, WriteQueue& queue);

  /// Loads which records were set aside.
  [[nodiscard]] Result<void> load(store::Database& database);
  /// Takes the bounds from the configuration as it is now.
  void configure();
  /// Sets a function that is called about every second during long work, to show progress.
  void on_progress(std::function<void()> progress);
  /// Calls that function if it is due.
  void tell_progress();
  /// Runs `work`, which folds the record. If it throws, or returns false, the record is set aside.
  void fold(std::int64_t seq, const std::function<bool()>& work);

 private:
  void set_aside(std::int64_t seq, std::string_view why);
  void bound_windows();

  EngineState& state_;
  store::Writer& writer_;
  WriteQueue& queue_;
  ReplayMark mark_;
  std::set<std::int64_t> passed_over_;  ///< records that were set aside
  std::function<void()> progress_;
  std::chrono::steady_clock::time_point progress_told_;
  std::uint64_t windows_refused_ = 0;  ///< as last seen
  bool windows_told_ = false;          ///< in the log
};

}  // namespace crmpulse::collector
