#pragma once
// Who may read a file beside those who must. On POSIX the permission bits say it, on Windows the access list.

#include <optional>
#include <string>

namespace crmpulse::config {

/// Returns what is wrong and what to do ("is open to other users (mode 0644); chmod 600 closes it"), nullopt if only
/// the owner, administrators and accounts that were named one by one may read it; a file of root's may be read by the
/// service's own group too. What cannot be looked at is not wrong.
[[nodiscard]] std::optional<std::string> readable_by_others(const std::string& path);

}  // namespace crmpulse::config
