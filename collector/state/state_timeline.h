#pragma once
// What held of each CRM last, and the rows of the timeline of states (store/history/states.h) that wait to be stored:
// one whenever its state, the status of its data or its maintenance changes. Belongs to the loop's thread.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/state/strips.h"
#include "rules/engine.h"
#include "store/history/states.h"

namespace crmpulse::collector {

class StateTimeline {
 public:
  /// While nobody watches for so long, there is no data.
  static constexpr Duration kLeastGap{std::chrono::minutes{2}};

  /// Loads what is stored: of each CRM what held a day ago, and since. What lies after `now` is dropped.
  [[nodiscard]] Result<void> load(store::Database& database, TimePoint now);
  /// Takes what holds of a CRM from `at` on. Nothing happens if the same held already, or it is not watched.
  void look(const rules::Engine& engine, const std::string& crm, TimePoint at);
  /// Takes a change that the engine told.
  void take(const rules::StateChange& change, bool maintenance);
  /// A CRM's maintenance began or ended at `at`, which may lie before what is known.
  void set_maintenance(const std::string& crm, bool on, TimePoint at);
  /// Nobody watched from `from` to `to`: if that is long, there was no data from `from` on, until the next look().
  void gap(TimePoint from, TimePoint to);
  /// The CRM is not watched any more.
  void end(const std::string& crm, TimePoint at);
  /// Ends every CRM that the engine does not watch.
  void end_unwatched(const rules::Engine& engine, TimePoint at);
  /// Follows the clock, which was set to `now`: what lies after that is dropped.
  void clock_stepped(TimePoint now);

  /// Returns what is to be stored since the last call, in order.
  [[nodiscard]] std::vector<store::StateChange> take_new();
  /// Returns the time after which stored rows are to be deleted first, once.
  [[nodiscard]] std::optional<TimePoint> take_cut();
  /// Returns the CRM's last 24 hours as 48 digits (StateStrip::text).
  [[nodiscard]] std::string strip_of(std::string_view crm, TimePoint now) { return strips_.strip_of(crm, now); }

 private:
  void add(store::StateChange change);

  std::map<std::string, store::StateChange, std::less<>> last_;
  StateStrips strips_;
  std::vector<store::StateChange> new_;
  std::optional<TimePoint> cut_;
};

}  // namespace crmpulse::collector
