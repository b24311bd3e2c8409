#pragma once
// Writes values into a YAML file that a person keeps: comments, order and line ends stay as they were written.

#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"

namespace crmpulse::config {

/// One value, by its keys from the root.
struct NewValue {
  std::vector<std::string> path;
  std::string text;
  std::vector<std::string> instead_of{};  ///< keys beside the last one that it takes the place of
};

/// Returns the text with these values. A value that is not there yet stands first in its mapping, so that of several
/// new ones the last given stands on top. Error: the text is not YAML, or a place is written in a way that is better
/// changed by hand; it says which. `file` is for messages.
[[nodiscard]] Result<std::string> with_values(std::string_view text, const std::vector<NewValue>& values,
                                              const std::string& file);

}  // namespace crmpulse::config
