#pragma once
// Days of a CRM, summed up from the timeline of its states. Pure but for the reading.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/failure/error.h"
#include "core/time/time.h"
#include "core/time/zone.h"
#include "store/history/states.h"
#include "store/sqlite/database.h"

namespace crmpulse::collector {

/// How long what held. Stale data counts as the state that it left; what nobody watched, as no data; maintenance apart
/// from all, whatever the state was.
struct StateTimes {
  Duration healthy{};
  Duration sub_healthy{};
  Duration poor{};
  Duration no_data{};
  Duration maintenance{};

  /// Returns the part of the known time outside maintenance in which the CRM was not poor; nullopt if there is none.
  [[nodiscard]] std::optional<double> availability() const;
  void add(const store::StateChange* held, Duration time);  ///< null: not known yet
};

struct DayOfStates {
  std::chrono::sys_days day;  ///< of the zone's calendar
  StateTimes times;           ///< of a day that is not over, up to now
};

/// Returns what held from `from` to `to`.
[[nodiscard]] Result<StateTimes> read_state_times(store::Database& database, const std::string& crm, TimePoint from,
                                                  TimePoint to);
/// Returns the last `days` days up to the one `now` lies in, by the zone's clock: with a change of clocks one has 23 or
/// 25 hours.
[[nodiscard]] Result<std::vector<DayOfStates>> read_days(store::Database& database, const std::string& crm,
                                                         const Zone& zone, int days, TimePoint now);

}  // namespace crmpulse::collector
