#pragma once
// What a service cannot read although whoever checks its configuration by hand can: the shipped units run under an
// account of their own. On Windows, where `service install` gives the account its rights, what others may change.

#include <string>
#include <vector>

namespace crmpulse::config {

/// Returns a sentence for each file that the configuration names, and each of `more` that it leads to, which the
/// service of this program could not read, or would not be handed over, with what to do. Empty if no unit of it is
/// installed, if that runs with another configuration or as root, and in the service itself. Goes by the permission
/// bits of files and folders; a file with an access list is taken to be readable. On Windows a sentence for each of
/// these files that groups of people may write to. Waits for files.
[[nodiscard]] std::vector<std::string> unreadable_for_service(const std::string& program, const std::string& config,
                                                              const std::vector<std::string>& more);

}  // namespace crmpulse::config
