#pragma once
// Finds the rule that explains another rule's trouble.

#include <string_view>

#include "rules/crm/crm.h"

namespace crmpulse::rules {

/// Returns the id of the rule of the same CRM that explains why this one is not healthy: one of its `inhibited_by` that
/// is confirmed poor, not younger, not without data for five minutes, and not explained by another itself. Returns an
/// empty text if there is none.
[[nodiscard]] std::string_view inhibitor(const Crm& crm, const RuleState& state, TimePoint now);

}  // namespace crmpulse::rules
