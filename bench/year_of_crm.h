#pragma once
// What a year of one CRM may be: readings of 42 series, maintenance every night, an incident every third day. One
// number gives the same year each time.

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "collector/incident/store.h"
#include "config/rules_file.h"
#include "core/time/time.h"
#include "store/collector/collector_store.h"
#include "store/history/history_block.h"
#include "store/history/states.h"

namespace crmpulse::bench {

/// What is stored of a day beside its readings.
struct DayOfCrm {
  std::vector<store::StateChange> states;
  std::vector<store::StoredIncident> incidents;
  std::vector<store::IncidentEvent> events;
};

class YearOfCrm {
 public:
  explicit YearOfCrm(int number);
  [[nodiscard]] const std::string& name() const { return name_; }

  /// Returns the readings of [from, to), by name: liveness, seven operations with success and three phases each,
  /// records and newest change of three objects. Durations are lognormal, in whole milliseconds.
  [[nodiscard]] std::vector<store::HistorySeries> readings(TimePoint from, TimePoint to, Duration interval);
  /// Returns the states and incidents of the day that begins at `day`, as the collector writes them down; nothing of it
  /// is later than `end`.
  [[nodiscard]] DayOfCrm day(TimePoint day, TimePoint end);

 private:
  void add_incident(DayOfCrm& out, TimePoint opened, TimePoint resolved, Level worst);
  [[nodiscard]] double seconds();

  std::string name_;
  std::mt19937_64 random_;
  double records_ = 40'000;
  double newest_ = 1'760'000'000;
  std::uint64_t incidents_ = 0;
  collector::IncidentStore store_;
};

}  // namespace crmpulse::bench
