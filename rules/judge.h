#pragma once
#include <string_view>
#include <vector>

#include "rules/crm.h"

namespace crmpulse::rules {

/// What judging needs besides the CRM.
struct Bench {
  const Settings& settings;
  const std::vector<ReceiverSpec>& receivers;
  bool muted = false;
  TimePoint now;
};

/// Brings a CRM up to `now`: deadlines, score, state, incident, messages. `removed`: rules were taken away, so a
/// recovery is told with that reason. Returns the next instant at which it must be judged without samples.
TimePoint judge(Crm& crm, const Bench& bench, bool removed, Outcome& outcome);

/// Tells every receiver with an open message that the CRM is gone.
void tell_removed(Crm& crm, const Bench& bench, Outcome& outcome);

/// Gives the CRM one Told per receiver, in their order, keeping those of the same name.
void align_receivers(Crm& crm, const std::vector<ReceiverSpec>& receivers);

}  // namespace crmpulse::rules
