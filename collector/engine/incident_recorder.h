#pragma once
// Writes down what came of a step: messages as rows of the outbox, incidents with the lines of their timelines, change
// markers, and the states of the CRMs concerned. Belongs to the EngineLoop and its thread.

#include <optional>
#include <set>
#include <string>

#include "collector/engine/engine_state.h"
#include "collector/engine/write_queue.h"

namespace crmpulse::collector {

class IncidentRecorder {
 public:
  explicit IncidentRecorder(EngineState& state) : state_(state) {}

  /// Returns what to store at once after a step. What only moved on waits for the next snapshot, or is folded again
  /// from the journal. Forgets the CRMs that were removed.
  [[nodiscard]] WriteSet record(const rules::Outcome& outcome, TimePoint now);
  /// Adds the CRM's incident and its state, or that it is not watched any more.
  void add_crm(WriteSet& changes, const std::string& crm, TimePoint now);
  /// Adds the lines of timelines and the change markers that wait to be stored.
  void add_notes(WriteSet& changes, TimePoint now);

 private:
  [[nodiscard]] std::set<std::string> concerned(const rules::Outcome& outcome);
  void note_changes(const rules::Outcome& outcome);
  void forget_removed(const rules::Outcome& outcome);
  [[nodiscard]] store::OutboxRow message_row(const rules::Message& message) const;
  [[nodiscard]] store::StoredState state_of(const std::string& crm);

  EngineState& state_;
};

}  // namespace crmpulse::collector
