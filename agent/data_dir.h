#pragma once
#include <string>

namespace crmpulse::agent {

/// Where the shipped recipes and rules are: $CRMPULSE_DATA_DIR; the source tree's `config` when the program runs from
/// its build folder (build/PRESET/bin); PREFIX/share/crmpulse beside the program; where it was built to be installed.
[[nodiscard]] std::string data_dir(const std::string& executable_dir);

}  // namespace crmpulse::agent
