#pragma once
// A changed rule over the stored samples of one CRM, beside the rules as they are. What `backtest` would find.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collector/configuration/configuration.h"
#include "core/failure/error.h"
#include "core/level.h"
#include "core/rule.h"
#include "core/time/time.h"
#include "store/sqlite/database.h"

namespace crmpulse::collector {

struct RehearsalPlan {
  std::shared_ptr<const Configuration> configuration;  ///< whose rules and receivers
  Rule changed;                                        ///< in the place of the rule it was made of (rule_change.h)
  std::string crm;
  TimePoint from;
  TimePoint to;
};

struct RehearsedIncident {
  TimePoint opened;
  std::optional<TimePoint> resolved;  ///< absent: it was open at the end
  Level worst = Level::sub_healthy;
};

/// What became of the CRM under one set of rules.
struct RehearsedSide {
  static constexpr std::size_t kMostIncidents = 1'000;
  std::vector<RehearsedIncident> incidents;  ///< the first kMostIncidents, in order
  std::uint64_t count = 0;                   ///< of all incidents
  Duration sub_healthy{};
  Duration poor{};
};

struct Rehearsal {
  TimePoint from;  ///< first and last sample; both the plan's begin if there are none
  TimePoint to;
  std::uint64_t samples = 0;
  bool truncated = false;   ///< a bound was met: what came after `to` was not looked at
  std::size_t damaged = 0;  ///< blocks of the history that could not be used
  RehearsedSide before;
  RehearsedSide after;
};

struct RehearsalBounds {
  std::uint64_t samples = 30'000'000;
  Duration time{std::chrono::seconds{20}};
};

/// Waits for the disk. `cancelled` is asked now and then: once it returns true, this gives an error.
[[nodiscard]] Result<Rehearsal> rehearse(store::Database& database, const RehearsalPlan& plan,
                                         const std::function<bool()>& cancelled, const RehearsalBounds& bounds = {});

}  // namespace crmpulse::collector
