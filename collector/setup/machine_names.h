#pragma once
// Under which names other machines may know this one.

#include <string>
#include <vector>

namespace crmpulse::collector {

/// Returns the host's whole name where the system knows it, its name, and its addresses that are reached from
/// elsewhere. May ask the resolver, which can take seconds.
[[nodiscard]] std::vector<std::string> machine_names();

}  // namespace crmpulse::collector
