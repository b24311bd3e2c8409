#pragma once
// Finds what comes with the program.

#include <string>

namespace crmpulse::collector {

/// Returns the folder of the shipped recipes, rules and remedies.
[[nodiscard]] std::string shipped_folder();

}  // namespace crmpulse::collector
