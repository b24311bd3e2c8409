#pragma once
// Reads the access lists of Windows' files.

#include <cstdint>
#include <string>
#include <vector>

namespace crmpulse::config {

/// Returns the names of those that the list lets do any of `rights` (FILE_READ_DATA and the like), beside the system,
/// administrators, services' own accounts and users that were named one by one: groups of people, as "BUILTIN\Users".
/// "everybody" when the file has no list. Empty as well if the list cannot be read.
[[nodiscard]] std::vector<std::string> groups_with(const std::string& path, std::uint32_t rights);

}  // namespace crmpulse::config
