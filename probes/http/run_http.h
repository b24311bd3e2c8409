#pragma once
// One run of one HTTP measurement: its exchanges one after another, or packed into batches.

#include <functional>
#include <memory>

#include "probes/http/exchanger.h"
#include "probes/run/readings.h"

namespace crmpulse::probes {

/// `done` is called once, on some thread, at the latest shortly after the deadline. The measurement is a part of the
/// target's recipe, and like the exchanger outlives the run or is stopped before.
void run_http(const std::shared_ptr<HttpExchanger>& exchanger, const std::shared_ptr<const TargetSpec>& spec,
              const Measurement& measurement, TimePoint now, std::chrono::steady_clock::time_point deadline,
              std::function<void(Found)> done);

/// Returns the login of the user's settings with the recipe's ${} filled in, null if the recipe needs no login, an
/// error if a value cannot stand in its place.
[[nodiscard]] Result<std::shared_ptr<auth::Session>> session_of(const TargetSpec& spec, auth::Sessions& sessions);

/// One exchange with the item of its `for`.
struct Asked {
  const Exchange* exchange;
  std::string item;
};
/// Returns the exchanges of a measurement in order, one for each item of their `for`.
[[nodiscard]] std::vector<Asked> asked_of(const Measurement& measurement, const Arguments& arguments);

/// Returns the names that an exchange's texts use.
[[nodiscard]] std::vector<std::string> names_of(const Exchange& exchange);

/// Returns all exchanges of a measurement, those of its write test too.
[[nodiscard]] std::vector<const Exchange*> exchanges_of(const Measurement& measurement);

/// Returns how many calls one run makes; a paged exchange counts its first page.
[[nodiscard]] int planned_calls(const Recipe& recipe, const Measurement& measurement, const Arguments& arguments);

/// Returns what is wrong with a measurement's requests for these arguments: values that cannot be put where they
/// should.
[[nodiscard]] std::vector<std::string> request_faults(const TargetSpec& spec, const Measurement& measurement);

}  // namespace crmpulse::probes
