#pragma once
// The command `setup`, without the command line.

#include "collector/setup/plan.h"

namespace crmpulse::collector {

/// Shows what it would write, asks, writes it, and creates the admin's token, which goes to standard output; everything
/// else goes to standard error. What the collector would refuse is taken back. Exit code: 0 done, or nothing was to be
/// done; 1 failed; 2 wrong use, a configuration that cannot be changed, or not wanted.
[[nodiscard]] int setup_command(const SetupOptions& options);

}  // namespace crmpulse::collector
