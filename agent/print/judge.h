#pragma once
// The rules' thresholds on one reading of one CRM: no windows, no `for`, no memory. For `probe`; the collector judges
// for real.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/rule.h"
#include "core/sample.h"
#include "probes/target.h"

namespace crmpulse::agent {

struct RuleLevel {
  const Rule* rule = nullptr;
  std::string each;             ///< the value of the rule's `each` label that is worst; empty when it has none
  std::optional<double> value;  ///< absent: the rule needs more than one reading
  std::optional<Level> level;
  bool resting = false;  ///< outside the rule's hours: shown, not judged
};

/// One entry per rule that applies to the CRM and is fed by the samples, in the rules' order. `rules` must outlive it.
/// `hours`: of the CRM's people; absent: not known here, and rules that need them rest.
[[nodiscard]] std::vector<RuleLevel> judge_samples(const Ruleset& rules, const Labels& crm,
                                                   std::span<const Sample> samples, TimePoint now,
                                                   const std::optional<ActiveHours>& hours = {});

/// One CRM probed once.
struct CrmReport {
  std::string crm;
  std::string kind;
  std::vector<probes::Reading> readings;
  std::string liveness;  ///< id of that measurement
  std::vector<RuleLevel> levels;
  std::optional<Level> state;        ///< absent: unknown, nothing could be judged
  std::string why;                   ///< one line
  std::vector<std::string> notes{};  ///< about the way to the CRM, a line each
};

/// Fills levels, state and why from the readings: the worst gate counts, soft rules at most sub-healthy, a failed
/// measurement is sub-healthy (its series would be missing), a failed liveness poor.
void judge_report(CrmReport& report, const Ruleset& rules, const Labels& labels, TimePoint now,
                  const std::optional<ActiveHours>& hours = {});

/// Returns the reading as it is said: `4.1 s`, `the last check failed`. Empty if the rule needs more than one.
[[nodiscard]] std::string value_words(const RuleLevel& level);

}  // namespace crmpulse::agent
