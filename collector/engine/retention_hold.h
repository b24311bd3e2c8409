#pragma once
// Holds deleting by age back for a day after the clock went more than a day ahead of all known data, so that somebody
// can correct the clock before anything is deleted. Belongs to the EngineLoop and its thread.

#include <map>
#include <string>

#include "core/time/time.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

class RetentionHold {
 public:
  /// Loads, at start, what was held before the stop. `newest` is the newest time in the store.
  [[nodiscard]] Result<void> load(store::Database& database, TimePoint newest, TimePoint now);
  /// Adds what load() reads.
  void save(std::map<std::string, std::string>& meta, TimePoint now) const;
  /// Follows the clock, which was moved by `by`.
  void clock_stepped(Duration by, TimePoint now);
  /// Ends the hold when its day is over. Call it once a second.
  void tick(TimePoint now);
  /// Returns how far the time that retention is counted back from stays behind the clock.
  [[nodiscard]] Duration held() const { return held_; }

 private:
  void hold(Duration ahead, TimePoint now);

  Duration held_{};
  TimePoint until_;
};

}  // namespace crmpulse::collector
