#pragma once
// October 2026 of one CRM by the clock of Prague, small enough to be calculated by hand. The month has 745 hours: its
// 25th day has 25.
//
//   held from before   poor          until 09-30T22:30Z  the period begins at 22:00Z: 0.5 h of it
//   10-10              sub-healthy   08:00Z to 09:00Z    1 h
//   10-14              poor          10:00Z to 13:00Z    3 h, of them 11:00Z to 12:30Z maintenance
//   10-20              no data       00:00Z to 06:00Z    6 h
//   10-25              poor          00:30Z to 01:30Z    1 h, while the clock shows the hour from two to three twice
//   10-31              poor          22:30Z to 23:30Z    the period ends at 23:00Z: 0.5 h of it

#include <memory>
#include <string>
#include <vector>

#include "config/zone.h"
#include "core/words/clock.h"
#include "store/history/states.h"

namespace crmpulse::test {

inline ZonePtr prague() {
  return std::make_shared<const Zone>(config::load_zone("Europe/Prague").value());
}

/// `10-14T10:00` of 2026, UTC.
inline TimePoint at(const std::string& month_to_minute) {
  return parse_time("2026-" + month_to_minute + ":00Z").value();
}

inline std::vector<store::StateChange> known_states() {
  using enum Level;
  const auto change = [](const char* when, Level state, double score, bool maintenance = false,
                         DataStatus data = DataStatus::fresh) {
    return store::StateChange{at(when), "acme", state, data, score, maintenance};
  };
  return {change("09-30T21:00", poor, 20),
          change("09-30T22:30", healthy, 100),
          change("10-10T08:00", sub_healthy, 70),
          change("10-10T09:00", healthy, 100),
          change("10-14T10:00", poor, 20),
          change("10-14T11:00", poor, 20, true),
          change("10-14T12:30", poor, 20),
          change("10-14T13:00", healthy, 100),
          change("10-20T00:00", healthy, 100, false, DataStatus::no_data),
          change("10-20T06:00", healthy, 100),
          change("10-25T00:30", poor, 20),
          change("10-25T01:30", healthy, 100),
          change("10-31T22:30", poor, 20),
          change("10-31T23:30", healthy, 100)};
}

// What comes of it, in hours.
inline constexpr double kMonth = 745;
inline constexpr double kPoor = 0.5 + 1.5 + 1 + 0.5;
inline constexpr double kDegraded = 1;
inline constexpr double kMaintenance = 1.5;
inline constexpr double kNoData = 6;
inline constexpr double kHealthy = kMonth - kPoor - kDegraded - kMaintenance - kNoData;
inline constexpr double kJudged = kHealthy + kDegraded + kPoor;
inline constexpr double kScore = (kPoor * 20 + kDegraded * 70 + kHealthy * 100) / kJudged;

}  // namespace crmpulse::test
