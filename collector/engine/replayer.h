#pragma once
// Replays, at start, the journal after the last snapshots, as if the process had never stopped: first before the loop
// runs, and what takes longer in slices beside its other work. Belongs to the EngineLoop and its thread.

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "collector/engine/clock_steps.h"
#include "collector/engine/fold_guard.h"
#include "net/loop/loop.h"
#include "store/collector/writer.h"
#include "wire/remote_write.h"

namespace crmpulse::collector {

class Replayer {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;
  /// Steps the rules at the time of a record or of a deadline before it.
  using Step = std::function<void(TimePoint)>;
  using Failed = std::function<void(const Error&)>;

  Replayer(net::Loop& loop, store::Writer& writer, EngineState& state, FoldGuard& guard, const ClockSteps& clock,
           Step step)
      : loop_(loop), writer_(writer), state_(state), guard_(guard), clock_(clock), step_(std::move(step)) {}

  /// Replays until `until`, before the loop runs. Blocks. Returns true if the end of the journal is reached.
  [[nodiscard]] Result<bool> run(SteadyTime until);
  /// Goes on in slices on the loop. Calls `done` at the end of the journal, or `failed` if that cannot be read; it
  /// stays under_way() then.
  void go_on(Failed failed, std::function<void()> done);
  [[nodiscard]] bool under_way() const { return decoder_.has_value(); }
  /// Returns the seq of the record that is being replayed, 0 if none is.
  [[nodiscard]] std::int64_t folding() const { return folding_; }

 private:
  using Piece = std::vector<store::JournalRecord>;

  [[nodiscard]] static Result<void> read(store::Database& database, std::int64_t after, Piece& piece);
  void slice();
  void next(Piece piece, const Result<void>& read);
  [[nodiscard]] bool fold_piece(SteadyTime until);
  void replay(const store::JournalRecord& record);
  [[nodiscard]] bool fold(const store::JournalRecord& record);

  net::Loop& loop_;
  store::Writer& writer_;
  EngineState& state_;
  FoldGuard& guard_;
  const ClockSteps& clock_;
  Step step_;
  Failed failed_;
  std::function<void()> done_;
  std::optional<wire::Decoder> decoder_;  ///< while under way
  Piece piece_;                           ///< of the journal
  std::size_t next_ = 0;                  ///< in the piece
  std::int64_t folding_ = 0;
  SteadyTime left_off_;  ///< when the loop was last given to others
  net::Loop::Timer retry_;
};

}  // namespace crmpulse::collector
