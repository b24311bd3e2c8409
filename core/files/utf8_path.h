#pragma once
// Paths as our texts have them. The other way std::filesystem reads UTF-8 by itself: everywhere but on Windows it keeps
// the bytes, and there core/windows/utf8_paths.cpp sees to it.

#include <filesystem>
#include <string>

namespace crmpulse::files {

[[nodiscard]] inline std::string utf8(const std::filesystem::path& path) {
  const std::u8string text = path.u8string();
  return {text.begin(), text.end()};
}

}  // namespace crmpulse::files
