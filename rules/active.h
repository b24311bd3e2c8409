#pragma once
#include "core/rule.h"
#include "rules/moment.h"

namespace crmpulse::rules {

/// Is a rule judged at this instant? Local time of the rule's zone; `to` at or before `from` means over midnight, the
/// day being that of the start.
[[nodiscard]] bool active_at(const ActiveHours& hours, TimePoint time);
/// The next instant after `time` at which active_at() changes; kNever when it does not within eight days.
[[nodiscard]] TimePoint next_switch(const ActiveHours& hours, TimePoint time);

}  // namespace crmpulse::rules
