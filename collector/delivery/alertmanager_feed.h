#pragma once
// What a receiver that keeps states must hear again and again. Alertmanager holds alerts in memory only and takes five
// minutes of silence for an end; so every firing alert is said again each minute, and an end for a quarter of an hour.

#include <map>
#include <string>
#include <vector>

#include "store/collector/collector_store.h"

namespace crmpulse::collector {

/// Belongs to the notifier's thread.
class StateFeed {
 public:
  /// A message of the outbox, whatever became of it: the newest of each subject is the state.
  void learn(const store::OutboxRow& row);
  /// What is to be said now, in pieces of at most `batch`; nothing until `interval` has passed since the last time.
  [[nodiscard]] std::vector<std::vector<store::OutboxRow>> due(TimePoint now, Duration interval, std::size_t batch);
  /// The next due() says it all, whatever the interval.
  void hurry() { last_ = {}; }
  void shift(Duration by);  ///< the clock was put right by so much
  [[nodiscard]] std::size_t size() const { return rows_.size(); }

 private:
  std::map<std::string, store::OutboxRow> rows_;  ///< by dedup key
  TimePoint last_;
};

}  // namespace crmpulse::collector
