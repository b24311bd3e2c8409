#pragma once
// Change markers: what changed around a CRM, because what fails often began with a change. Versions and schemas come
// from the agents' samples, the rest from the collector itself. Belongs to the loop's thread.

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "collector/state/crm_registry.h"
#include "collector/state/series_table.h"
#include "core/rule.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

struct Change {
  std::string crm;  ///< empty: of an agent, or of the configuration
  TimePoint at;
  std::string what;  ///< `version`, `release`, `instance`, `schema`, `agent_version`, `configuration`
  std::string object;
  std::string source;  ///< the agent that saw it
  std::string from;
  std::string to;
};

/// How long after a change an incident may be caused by it.
inline constexpr Duration kChangeSpeaks{std::chrono::minutes{60}};

class ChangeMarkers {
 public:
  static constexpr std::size_t kMostPerCrm = 20;      ///< and per agent, and of the configuration
  static constexpr std::size_t kMostKnown = 200'000;  ///< values that the next ones are compared with

  /// Loads, at start, those of the store, oldest first.
  void load(const std::vector<store::StoredChange>& stored);
  /// Takes a reading of a series whose duty is to name a version or a schema.
  void observe(const Series& series, TimePoint at, double value);
  /// Treats stamps later than `now` (of a clock that was ahead) as `now`; otherwise nothing newer would be seen.
  void not_after(TimePoint now);
  /// Records what a reload changed in the rules.
  void reloaded(const Ruleset& before, const Ruleset& after, TimePoint at);

  /// Returns the changes that concern this CRM in [from, to], oldest first. `facts` may be null.
  [[nodiscard]] std::vector<const Change*> between(const std::string& crm, const CrmFacts* facts, TimePoint from,
                                                   TimePoint to) const;
  /// Returns the changes seen since the last call, which must be stored.
  [[nodiscard]] std::vector<store::StoredChange> take_new() { return std::exchange(fresh_, {}); }

 private:
  struct Known {
    std::string value;
    TimePoint at;          ///< newest reading
    TimePoint changed_at;  ///< last marker
  };
  using Key = std::tuple<std::string, std::string, std::string, std::string>;  ///< crm, what, object, source

  void see(const Series& series, std::string_view what, std::string_view object, std::string_view value, TimePoint at);
  void remember(Change change);

  std::map<Key, Known> known_;
  std::map<std::string, std::deque<Change>, std::less<>> changes_;  ///< by CRM, by agent; the configuration under ""
  std::vector<store::StoredChange> fresh_;
};

}  // namespace crmpulse::collector
