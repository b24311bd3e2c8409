#pragma once
#include "core/rule.h"
#include "rules/moment.h"

namespace crmpulse::rules {

/// The next instant after `time` at which active_at() changes; kNever when it does not within eight days.
[[nodiscard]] TimePoint next_switch(const ActiveHours& hours, TimePoint time);

}  // namespace crmpulse::rules
