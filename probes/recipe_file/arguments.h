#pragma once
#include <optional>
#include <string>

#include "probes/recipe/recipe.h"

namespace crmpulse::probes {

/// A value's fault for its parameter ("must be …"), or nothing. Not for lists' whole and secrets.
[[nodiscard]] std::optional<std::string> fault_of(const Parameter& parameter, const std::string& text);

}  // namespace crmpulse::probes
