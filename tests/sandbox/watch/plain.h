#pragma once
#include <string>
#include <string_view>

namespace crmpulse::sandbox::test {

/// The text without its colours.
inline std::string plain(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.starts_with("\x1b[")) {
      const auto end = text.find('m');
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      continue;
    }
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace crmpulse::sandbox::test
