#pragma once
#include <string>

namespace crmpulse::collector {

/// Where the shipped rules and remedies are: $CRMPULSE_DATA_DIR, else `config/` of the source tree or
/// `share/crmpulse` of the prefix this program stands in, else the place chosen at configure time.
[[nodiscard]] std::string data_dir();

}  // namespace crmpulse::collector
