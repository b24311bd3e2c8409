#pragma once
// Stores what has changed of each CRM, in rounds. Many CRMs are written in slices, between requests and at each tick,
// so that nothing waits for all of them; a restart replays from where the last complete round began. Beside the rounds
// it pages the last values of all series, once around every five minutes. Belongs to the EngineLoop and its thread.

#include <cstdint>
#include <vector>

#include "collector/engine/incident_recorder.h"
#include "collector/engine/retention_hold.h"
#include "collector/engine/write_queue.h"

namespace crmpulse::collector {

class Snapshotter {
 public:
  Snapshotter(EngineState& state, IncidentRecorder& recorder, const RetentionHold& retention, WriteQueue& queue)
      : state_(state), recorder_(recorder), retention_(retention), queue_(queue) {}

  /// Begins a round.
  void begin();
  /// Writes a few CRMs of the round that is under way, if one is. Call it after each request.
  void step();
  /// Writes the next part of the values and the next slice; begins a round every 15 s. Call it once a second.
  void tick(TimePoint now);
  /// Returns what has changed of all CRMs and is not stored yet.
  [[nodiscard]] WriteSet unsaved();
  /// Returns the states of all CRMs, changed or not.
  [[nodiscard]] WriteSet everything();
  /// Returns the last snapshot, with all values, when the loop is about to end.
  [[nodiscard]] WriteSet last();
  /// Counts from `at`, when everything was stored.
  void restart(TimePoint at) { last_round_ = last_values_ = at; }
  /// Moves all times by `by`, after the clock was corrected. The round under way ends: it has times of both clocks.
  void clock_stepped(Duration by);

 private:
  struct Round {
    std::vector<std::uint32_t> crms;  ///< to be written, by their number in the registry
    std::size_t next = 0;
    std::int64_t folded_seq = 0;  ///< when it began
    std::uint64_t bytes = 0;
    bool under_way = false;
  };
  static constexpr std::size_t kNoValues = ~std::size_t{0};

  void write_slice(std::size_t crms);
  void add_context(WriteSet& changes, std::int64_t folded_seq);
  void add_values(WriteSet& changes);

  EngineState& state_;
  IncidentRecorder& recorder_;
  const RetentionHold& retention_;
  WriteQueue& queue_;
  Round round_;
  TimePoint last_round_;
  TimePoint last_values_;
  std::size_t next_values_ = kNoValues;  ///< first series of the next part; kNoValues: none is due
};

/// Loads the last values that a Snapshotter has stored.
[[nodiscard]] Result<void> load_values(store::Database& database, SeriesTable& series);

}  // namespace crmpulse::collector
