#pragma once
// What a run found → the Reading the agent ships: the samples every run gives without being asked, and evidence.

#include <map>
#include <mutex>

#include "probes/target.h"

namespace crmpulse::probes {

/// What a transport found in one run.
struct Found {
  std::vector<std::pair<std::string, double>> phases;  ///< seconds
  double duration = 0;                                 ///< of the operation, seconds
  std::vector<std::pair<std::string, double>> steps;   ///< of a write test, those that succeeded
  std::vector<Sample> samples;                         ///< of the recipe, with all labels but no stamp
  std::optional<Failure> failure;
  std::uint64_t rows_truncated = 0;
};

/// Of one target. Remembers which failures are open, to close each once. Thread-safe.
class Readings {
 public:
  explicit Readings(const TargetSpec& spec) : spec_(spec) {}
  [[nodiscard]] Reading make(const Measurement& measurement, TimePoint scheduled, Found found);

 private:
  /// Labels of crm_failure.
  void add_failure_samples(const Measurement& measurement, Reading& reading);
  void add(Reading& reading, std::string_view metric, std::initializer_list<Labels::Pair> labels, double value) const;
  [[nodiscard]] Evidence evidence(const Measurement& measurement, TimePoint at, const Failure& failure) const;

  const TargetSpec& spec_;
  std::mutex mutex_;
  std::map<std::string, Labels, std::less<>> open_;  ///< measurement → labels of its last crm_failure 1
};

/// Latencies are told in whole microseconds.
[[nodiscard]] double whole_microseconds(double seconds);

}  // namespace crmpulse::probes
