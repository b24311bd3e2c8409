#pragma once
// What strangers may know of the chosen CRMs: state, since when, ninety days, planned maintenance, past incidents. No
// host, no evidence, no number of a measurement.

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "collector/configuration/public_page.h"
#include "collector/engine/engine_loop.h"
#include "core/level.h"
#include "core/words/clock.h"
#include "store/history/states.h"
#include "store/sqlite/database.h"

namespace crmpulse::collector {

/// What a CRM is said to be. From the best to what counts least.
enum class Shown { healthy, sub_healthy, poor, unknown, maintenance };
inline constexpr std::size_t kShownStates = 5;
[[nodiscard]] std::string_view to_string(Shown state);

inline constexpr int kShownDays = 90;
/// CRMs on one page; further ones are left out.
inline constexpr std::size_t kMostShownCrms = 500;

struct ShownDay {
  std::chrono::sys_days date;                  ///< of the page's zone
  std::array<Duration, kShownStates> spent{};  ///< by state; together at most a day
  [[nodiscard]] Duration in(Shown state) const { return spent.at(static_cast<std::size_t>(state)); }
  /// Returns what the day is drawn as: the worst of it.
  [[nodiscard]] Shown worst() const;
};

struct ShownIncident {
  std::string id;
  Level level = Level::sub_healthy;  ///< now, or the worst when it is over
  TimePoint opened;
  std::optional<TimePoint> resolved;
  std::vector<std::string> dimensions;  ///< those that say nothing of the business
};

struct PlannedWork {
  std::string id;
  TimePoint announced;  ///< stays, however often it is looked at
  TimePoint from;
  std::optional<TimePoint> to;
};

struct PublicCrm {
  std::string crm;
  Bilingual name;
  Shown state = Shown::unknown;
  TimePoint since;                       ///< meaningless while unknown
  std::optional<TimePoint> until;        ///< of maintenance
  std::vector<std::string> dimensions;   ///< that fail, as above
  std::vector<ShownDay> days;            ///< kShownDays, the last one is today
  std::optional<double> usable;          ///< share of the measured time, without maintenance, that it was not poor
  std::vector<ShownIncident> incidents;  ///< of the days, newest first
  std::vector<PlannedWork> planned;      ///< ahead, soonest first
};

struct PublicStatus {
  TimePoint at;
  ZonePtr zone;
  Bilingual title;
  std::string address;  ///< external_url; may be empty
  std::vector<PublicCrm> crms;
  [[nodiscard]] const PublicCrm* find(std::string_view crm) const;
  /// Returns the worst state of all: poor, sub-healthy, maintenance, unknown, healthy.
  [[nodiscard]] Shown worst() const;
};

/// Returns the present of the chosen CRMs, without what lies in the store. Loop's thread.
[[nodiscard]] PublicStatus present_status(const EngineLoop& engine, const PublicPage& page);
/// Adds days and incidents. A job of the store's thread.
[[nodiscard]] Result<void> add_past(store::Database& database, PublicStatus& status);

/// Returns how the days up to `now` were spent. `changes` as read_state_changes() gives them.
[[nodiscard]] std::vector<ShownDay> days_of(const std::vector<store::StateChange>& changes, TimePoint now,
                                            const ZonePtr& zone);

}  // namespace crmpulse::collector
