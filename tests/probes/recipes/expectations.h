#pragma once
// expected.yaml beside a recipe's schema and seed: the arguments it is run with and what each measurement gives.

#include <map>
#include <string>

#include "probes/target.h"

namespace crmpulse::test {

struct Expected {
  double value = 0;  ///< or, for a time before now, seconds
  double within = 0;
  bool ago = false;
};

struct Expectations {
  std::string arguments;  ///< YAML lines, to stand under `with:`
  /// measurement → `metric{label="value"}` → what it is
  std::map<std::string, std::map<std::string, Expected>> measurements;
};

/// Throws std::runtime_error when the file is not readable as that.
[[nodiscard]] Expectations load_expectations(const std::string& file);

/// `metric{a=x,b=y}` as written in a file → `metric{a="x",b="y"}`, labels sorted.
[[nodiscard]] std::string series(const std::string& written);
/// The same of a sample, without the labels every sample has.
[[nodiscard]] std::string series_of(const Sample& sample);
/// Given by every run, without being asked.
[[nodiscard]] bool made_by_every_run(const std::string& metric);

/// The reading succeeded and has exactly these samples beside those every run gives; a write test succeeded whole.
void check_reading(const probes::Reading& reading, const std::map<std::string, Expected>& expected, TimePoint now);
/// The reading succeeded, whatever its numbers are.
void check_runs(const probes::Reading& reading);
/// Labels are those the metric has in docs/reference.md, short and few.
void check_bounded(const probes::Reading& reading);

}  // namespace crmpulse::test
