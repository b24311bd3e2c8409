#pragma once
// An ordinary quarter of a company and its CRM, as samples: what each measurement of a recipe sends, at its spacing,
// while people work, eat, sleep and go on holiday. And what it looks like when something breaks.

#include <array>
#include <functional>
#include <queue>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "collector/backtest/backtest.h"
#include "core/time/calendar.h"
#include "probes/recipe/recipe.h"

namespace crmpulse::collector::test {

struct Place {
  std::string name;
  ActiveHours hours;  ///< with the holidays of the quarter
};

/// What breaks, and from when on.
enum class Fault {
  none,
  stopped,       ///< the database or the vendor answers nothing
  every_fourth,  ///< one probe in four fails
  slow,          ///< calls take one and a half seconds
  very_slow,     ///< calls take five seconds
  writes_fail,   ///< write tests fail
  frozen,        ///< nothing changes any more
  silent,        ///< nothing is measured any more
  quota,         ///< 3 % of the allowance are left
  deserted,      ///< half of the people stop using it
  incomplete,    ///< three records in ten lack a value
  leads_wait,    ///< a first answer takes three hours
  no_sync,       ///< the integration stands still
  no_backup,     ///< no backup any more
  half_backup,   ///< three fifths of what was in a backup are missing
  certificate    ///< nobody renews it
};

struct Story {
  Place place;
  TimePoint from;
  TimePoint to;
  Fault fault = Fault::none;
  TimePoint broken = TimePoint::max();
  bool declared = true;             ///< the agent says the hours; else they are learned
  Duration least{};                 ///< no measurement is run more often; 0: as the recipe says
  std::vector<std::string> only{};  ///< measurements, by id; empty: all
  unsigned seed = 1;
};

class Quarter {
 public:
  Quarter(const probes::Recipe& recipe, Story story);
  /// Samples of the next hours; nothing at the end.
  [[nodiscard]] std::optional<BacktestBatch> next();

 private:
  struct Reading {
    std::uint32_t series;
    std::function<double(TimePoint)> value;
  };
  struct Run {
    Duration every;
    bool liveness = false;
    bool transaction = false;
    bool measured = true;  ///< false: not a measurement, it never fails
    std::uint32_t up = 0, success = 0, duration = 0, written = 0;
    double base = 0.25;  ///< seconds a call takes
    std::vector<Reading> readings;
  };
  struct Due {
    TimePoint at;
    std::size_t run;
    bool operator>(const Due& other) const { return std::tie(at, run) > std::tie(other.at, other.run); }
  };

  std::uint32_t series(std::string metric, Labels labels);
  void add_measurement(const probes::Measurement& measurement);
  void add_object(const probes::SampleSpec& spec);
  void add_sample(const probes::SampleSpec& spec, Run& run);
  void add_beside(std::string metric, Labels labels, Duration every, std::function<double(TimePoint)> value);
  [[nodiscard]] std::function<double(TimePoint)> value_of(const std::string& metric, const Labels& labels);
  void take(const Run& run, TimePoint at, BacktestBatch& batch);

  // The company.
  [[nodiscard]] bool broken(Fault fault, TimePoint at) const { return story_.fault == fault && at >= story_.broken; }
  [[nodiscard]] Duration clock(TimePoint at) const;
  [[nodiscard]] bool release(TimePoint at) const;
  [[nodiscard]] double load(TimePoint at) const;
  [[nodiscard]] double users(TimePoint at, std::chrono::days period) const;
  [[nodiscard]] double newest_change(const std::string& object, TimePoint at);
  bool lost(TimePoint at);

  Story story_;
  Calendar calendar_;
  std::mt19937 random_;
  std::vector<std::string> objects_;
  std::vector<Run> runs_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::vector<BacktestBatch::Name> names_;  ///< not handed over yet
  std::unordered_map<std::string, std::uint32_t> numbers_;
  struct Change {
    TimePoint newest;
    TimePoint seen;  ///< up to when it was looked for
  };
  std::unordered_map<std::string, Change> changed_;  ///< by object
  TimePoint last_lost_{};
  int probes_ = 0;
};

}  // namespace crmpulse::collector::test
