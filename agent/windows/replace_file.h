#pragma once

#include <string>
#include <string_view>

#include "core/failure/error.h"

namespace crmpulse::agent::windows {

/// Writes the file, whole or not at all; one that was there keeps its access list.
[[nodiscard]] Result<void> replace_file(const std::string& file, std::string_view content);

}  // namespace crmpulse::agent::windows
