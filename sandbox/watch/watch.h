#pragma once
// The live table of `make run`: states from the collector's API, alerts from the sandbox's hook, a menu of faults.

#include <string>
#include <vector>

#include "core/failure/error.h"

namespace crmpulse::sandbox {

struct WatchOptions {
  std::string collector;        ///< http://127.0.0.1:9460
  std::string sandbox;          ///< http://127.0.0.1:9470; empty: no menu and no alerts (the user's own configuration)
  std::string language = "en";  ///< en or zh
};

/// Draws until `q`, Ctrl-C or the end of standard input's terminal. Without a terminal it prints a line for every
/// change of state and every alert instead, until SIGTERM or SIGINT.
[[nodiscard]] Result<void> watch(const WatchOptions& options);

}  // namespace crmpulse::sandbox
