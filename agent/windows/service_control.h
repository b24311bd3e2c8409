#pragma once
// The agent under Windows' service manager: the dispatcher, what is asked of it, and what it reports.

#include <iosfwd>
#include <string>

namespace crmpulse::agent::windows {

/// Runs until the service manager says stop. Events go to the event log. Outside of the service manager: an error.
/// Threads: the manager's calls come on this one, the agent runs on one that the manager starts.
int run_as_service(const std::string& config, std::ostream& err);

}  // namespace crmpulse::agent::windows
