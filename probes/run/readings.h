#pragma once
// What a run found → the Reading the agent ships: the samples every run gives without being asked, and evidence.

#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "probes/run/run.h"

namespace crmpulse::probes {

/// Makes the readings of one target. Remembers which failures are open, to close each once. Thread-safe.
class Readings {
 public:
  explicit Readings(const TargetSpec& spec) : spec_(spec) {}
  [[nodiscard]] Reading make(const Measurement& measurement, TimePoint scheduled, Found found);

 private:
  /// `key` tells what fails: a measurement's id, or the login.
  void add_failure_samples(std::string_view key, std::string_view operation, std::string_view object,
                           const std::optional<Failure>& failure, Reading& reading);
  void add_login(const auth::Login& login, Reading& reading);
  void add(Reading& reading, std::string_view metric, std::initializer_list<Labels::Pair> labels, double value) const;
  /// A failed login is told once, not by every run it stops.
  [[nodiscard]] bool is_worth_telling(const Found& found, const std::optional<Failure>& failure);
  [[nodiscard]] Evidence evidence(const Measurement& measurement, TimePoint at, const Failure& failure) const;

  const TargetSpec& spec_;
  std::mutex mutex_;
  std::map<std::string, Labels, std::less<>> open_;  ///< key → labels of its last crm_failure 1
  std::optional<std::pair<Stage, Reason>> login_;    ///< of the failed login that was told
};

/// Latencies are told in whole microseconds.
[[nodiscard]] double whole_microseconds(double seconds);

}  // namespace crmpulse::probes
