#pragma once
// Files that others may read too, and that people may have written: configurations, certificates. Paths are UTF-8.
// Everything here waits for the disk.

#include <cstddef>
#include <string>
#include <string_view>

#include "core/failure/error.h"

namespace crmpulse::files {

/// Returns what is in the file. Error: it is not a regular file, holds more than `most` bytes, or cannot be read.
[[nodiscard]] Result<std::string> read_whole(const std::string& file, std::size_t most);

/// Replaces the content of `file`, whole and durably; behind a link the file that it leads to. Mode and owner stay; a
/// new one can be read by everybody and belongs to whom its folder belongs. On Windows the folder's access list
/// decides.
[[nodiscard]] Result<void> replace_public(const std::string& file, std::string_view text);

/// Gives the file, or the folder, to whom `like` belongs, if this process may: root writes beside a service, which must
/// be able to read what it gets. Does nothing on Windows, where the folder's access list decides.
[[nodiscard]] Result<void> own_like(const std::string& file, const std::string& like);

}  // namespace crmpulse::files
