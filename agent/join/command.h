#pragma once
// The command `join`, without the command line.

#include <iosfwd>
#include <string>

#include "agent/settings/settings.h"

namespace crmpulse::agent {

/// As the line of an invitation says it.
struct JoinOptions {
  std::string url;
  std::string ca_hash;  ///< empty: the system's authorities are trusted
  std::string code;
  std::string config;
  std::string language;  ///< en or zh; empty: as LANG says
};

/// Takes the collector's authority and a token of this agent's own, writes both beside the configuration, and where to
/// send to into it. Nothing is written if anything is refused. Exit code: 0 done; 1 refused, or it cannot be written;
/// 2 wrong use, or a configuration that is better changed by hand.
int join_command(const JoinOptions& options, const SettingsDefaults& defaults, std::ostream& out, std::ostream& err);

}  // namespace crmpulse::agent
