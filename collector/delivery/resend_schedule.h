#pragma once
// Schedules the messages that a receiver which keeps states must get again and again. Alertmanager holds alerts in
// memory only and takes five minutes of silence for an end; so every firing alert is sent again each minute, and an end
// for a quarter of an hour.

#include <map>
#include <string>
#include <vector>

#include "store/collector/collector_store.h"

namespace crmpulse::collector {

/// Belongs to the notifier's thread.
class ResendSchedule {
 public:
  /// Takes a message of the outbox, whatever became of it: the newest of each subject is the state.
  void learn(const store::OutboxRow& row);
  /// Returns what must be sent again now, in pieces of at most `batch`; empty until `interval` has passed since last
  /// time.
  [[nodiscard]] std::vector<std::vector<store::OutboxRow>> due(TimePoint now, Duration interval, std::size_t batch);
  /// Makes the next due() return everything, whatever the interval.
  void hurry() { last_ = {}; }
  void shift(Duration by);  ///< moves all times, after the clock was corrected by so much
  [[nodiscard]] std::size_t size() const { return rows_.size(); }

 private:
  std::map<std::string, store::OutboxRow> rows_;  ///< by dedup key
  TimePoint last_;
};

}  // namespace crmpulse::collector
