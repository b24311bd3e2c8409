#pragma once
// Where ServiceNotify tells how the program is on a system whose service manager is told by calls (Windows).

#include <functional>
#include <string>

namespace crmpulse::net {

enum class ServiceState { starting, running, reloading, stopping };

/// `status` is what status() said last. Called on the thread that uses ServiceNotify.
using ServiceReport = std::function<void(ServiceState state, const std::string& status)>;

/// Once, before a ServiceNotify is made. Without it nobody is told.
void set_service_report(ServiceReport report);

}  // namespace crmpulse::net
