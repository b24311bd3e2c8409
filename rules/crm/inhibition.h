#pragma once
#include <string_view>

#include "rules/crm/crm.h"

namespace crmpulse::rules {

/// The rule of the same CRM that explains why this one is not healthy: one of its `inhibited_by` that is confirmed
/// poor, not younger, not without data for five minutes, and not explained by another itself. Empty: none.
[[nodiscard]] std::string_view inhibitor(const Crm& crm, const RuleState& state, TimePoint now);

}  // namespace crmpulse::rules
