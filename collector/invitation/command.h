#pragma once
// The command `invite`, without the command line.

#include <string>
#include <vector>

namespace crmpulse::collector {

struct InviteOptions {
  std::string config;
  std::string agent;              ///< empty: only with `list` or `revoke`
  std::vector<std::string> crms;  ///< empty: as ADR 16 says
  std::string url;                ///< how the other machine reaches the collector; empty: as the configuration says
  std::string revoke;             ///< not empty: the agent whose invitation is to end
  bool list = false;
  std::string language;  ///< en or zh; empty: as LANG says
};

/// Prints the line for the other machine to standard output, everything else to standard error. Works beside a running
/// collector, which sees the invitation at once. Exit code: 0 done, 1 failed, 2 wrong use or configuration.
[[nodiscard]] int invite_command(const InviteOptions& options);

}  // namespace crmpulse::collector
