#pragma once
// The measurement that asks one side of a reconciliation, and the names it shares with the Reconciler that takes its
// answer.

#include <string>
#include <string_view>

#include "agent/settings/settings.h"
#include "probes/recipe/recipe.h"

namespace crmpulse::agent {

/// The column a query names its figure with.
inline constexpr std::string_view kReconcileColumn = "value";

/// The metric of its one sample.
inline constexpr std::string_view kReconcilePart = "crm_agent_reconcile_part";

/// Returns `left` or `right`, the value of its label `side`.
[[nodiscard]] std::string_view reconcile_side(bool left);
/// Returns the operation that its failures, and those of the comparison, are told under.
[[nodiscard]] std::string reconcile_operation(const Reconciliation& reconciliation);
/// The measurement that asks a side's query, for the CRM's own target. Its sample never leaves the agent.
[[nodiscard]] probes::Measurement reconcile_measurement(const Reconciliation& reconciliation, bool left);

}  // namespace crmpulse::agent
