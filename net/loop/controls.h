#pragma once
// What a service manager asks of a program where it does not send signals (Windows).

namespace crmpulse::net {

enum class Control { stop, reload };

/// Makes the process's Loop do what SIGTERM and SIGHUP make it do elsewhere. Thread-safe. One that comes before the
/// loop has handlers is kept for it.
void raise_control(Control control);

}  // namespace crmpulse::net
