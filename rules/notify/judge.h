#pragma once
#include <string_view>
#include <vector>

#include "rules/crm/crm.h"
#include "rules/notify/storm.h"

namespace crmpulse::rules {

/// What judging needs besides the CRM.
struct Bench {
  const Settings& settings;
  const std::vector<ReceiverSpec>& receivers;
  const Storms& storms;
  bool muted = false;
  TimePoint now;
};

/// Brings a CRM's state up to `now`: deadlines, score, state, incident.
void judge_state(Crm& crm, const Bench& bench, Outcome& outcome);
/// Then what receivers are to hear of it, with the agents' and the vendor's part in it known. Returns the next instant
/// at which the CRM must be judged without samples.
TimePoint judge_messages(Crm& crm, const Bench& bench, Outcome& outcome);

/// Tells every receiver with an open message that the CRM is gone.
void tell_removed(Crm& crm, const Bench& bench, Outcome& outcome);

/// The receiver was told of the CRM in a digest.
void note_digest(Crm& crm, std::string_view receiver);

/// Gives the CRM one Told per receiver, in their order, keeping those of the same name.
void align_receivers(Crm& crm, const std::vector<ReceiverSpec>& receivers);

}  // namespace crmpulse::rules
