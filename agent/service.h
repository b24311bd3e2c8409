#pragma once
// What the operating system gives the agent. The one place behind which POSIX stays: service_posix.cpp implements it, a
// Windows build brings its own. The service manager hears from us through net/service/service_notify.h.

#include <cstdint>
#include <string>

namespace crmpulse::agent::service {

[[nodiscard]] std::string host_name();
/// The folder of the running program, without a closing slash.
[[nodiscard]] std::string executable_dir();
/// Where the configuration lies unless --config says otherwise.
[[nodiscard]] std::string default_config();
/// What the service manager gave us, or the system's usual place.
[[nodiscard]] std::string default_state_dir();
/// Memory the process holds now, bytes; 0 when the system does not say.
[[nodiscard]] std::uint64_t resident_bytes();
/// Gives back what only reading a configuration and starting up needed. Loop's thread; some milliseconds.
void settle_memory();
/// File descriptors this process may have open at once, raised as far as the system allows; a guess where it does not
/// say.
[[nodiscard]] int descriptor_limit();
/// Once at start: what a service needs of its process (a broken pipe is an error code, not a signal).
void prepare_process();

}  // namespace crmpulse::agent::service
