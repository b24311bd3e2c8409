#pragma once
// Decides whether a step of a write test has to wait longer.

#include <string_view>

#include "probes/recipe/recipe.h"

namespace crmpulse::probes {

/// Does an answer's body show what a step waits for? A body that is not JSON, or lacks the value, does not yet.
[[nodiscard]] bool holds(const Until& until, std::string_view body);

}  // namespace crmpulse::probes
