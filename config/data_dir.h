#pragma once
// Finds the folder of the shipped recipes, rules and remedies.

#include <string>

namespace crmpulse::config {

/// Returns the folder of the shipped recipes, rules and remedies: $CRMPULSE_DATA_DIR; the source tree's `config` when
/// the program runs from its build folder (build/PRESET/bin); share/crmpulse of the prefix it stands in; its own
/// folder (Windows); else `installed`.
[[nodiscard]] std::string data_dir(const std::string& executable_dir, const std::string& installed);

}  // namespace crmpulse::config
