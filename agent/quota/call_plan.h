#pragma once
// How a CRM's measurements share the calls they may make a day. Pure: docs/quota.md has the rule in words.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/time/time.h"
#include "probes/target.h"

namespace crmpulse::agent {

/// Who is asked first when calls are short.
enum class Part : std::uint8_t { liveness, staleness, others };
inline constexpr std::size_t kParts = 3;

/// One measurement as the plan sees it.
struct PlannedRun {
  Duration interval;
  double calls = 1;  ///< of one run, as far as the CRM counts them
  Part part = Part::others;
};

struct CallPlan {
  double planned = 0;                  ///< calls a day at the intervals that are configured
  std::optional<double> allowed;       ///< the cap; absent: the CRM's allowance is not known
  double made = 0;                     ///< calls a day at the stretched intervals
  std::vector<double> stretch;         ///< by run, ≥ 1: what its interval is multiplied by
  std::array<double, kParts> share{};  ///< calls a day each part may make; all of `allowed` when nothing is short
  [[nodiscard]] bool is_short() const { return allowed && planned > made; }
};

/// A twentieth of the cap is left unplanned: for logins, further pages and repeated requests.
[[nodiscard]] CallPlan plan_calls(std::span<const PlannedRun> runs, std::optional<double> allowed);

/// A measurement as the plan sees it.
[[nodiscard]] PlannedRun planned_run(const probes::Target::Planned& planned);

}  // namespace crmpulse::agent
