#pragma once
// Evaluates one CRM: first its state and incident, then the messages to receivers. The Engine calls it after samples
// came and when a deadline is due.

#include <string_view>
#include <vector>

#include "rules/crm/crm.h"
#include "rules/notify/storm.h"

namespace crmpulse::rules {

/// Inputs of one evaluation pass other than the CRM itself.
struct JudgeContext {
  const NotificationPolicy& settings;
  const std::vector<ReceiverSpec>& receivers;
  const AlertGrouper& storms;
  bool muted = false;
  TimePoint now;
};

/// Brings a CRM's state up to `now`: deadlines, score, state, incident.
void judge_state(Crm& crm, const JudgeContext& bench, Outcome& outcome);
/// Decides the messages to receivers. Call it after judge_state() of all CRMs, when lost agents and vendor outages are
/// known. Returns the next instant at which the CRM must be judged without samples.
TimePoint judge_messages(Crm& crm, const JudgeContext& bench, Outcome& outcome);

/// Tells every receiver with an open message that the CRM is gone.
void tell_removed(Crm& crm, const JudgeContext& bench, Outcome& outcome);

/// Notes that the receiver was told of the CRM in a digest.
void note_digest(Crm& crm, std::string_view receiver);

/// Gives the CRM one NotificationState per receiver, in their order, keeping those of the same name.
void align_receivers(Crm& crm, const std::vector<ReceiverSpec>& receivers);

}  // namespace crmpulse::rules
