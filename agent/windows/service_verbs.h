#pragma once
// `service start`, `stop`, `reload` and `status`. Return the program's exit code.

#include <iosfwd>

namespace crmpulse::agent::windows {

inline constexpr int kExitNotRunning = 3;
inline constexpr int kExitNotInstalled = 4;

/// Waits until it runs.
int start_service(std::ostream& out, std::ostream& err);
/// Waits until it has stopped. One that is not running has.
int stop_service(std::ostream& out, std::ostream& err);
/// Waits for what the service says of its new configuration: one that it refuses is an error.
int reload_service(std::ostream& out, std::ostream& err);
/// 0 running, kExitNotRunning, kExitNotInstalled.
int service_status(std::ostream& out, std::ostream& err);

}  // namespace crmpulse::agent::windows
