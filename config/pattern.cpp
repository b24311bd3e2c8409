#include "config/pattern.h"

#include <algorithm>
#include <filesystem>

namespace crmpulse::config {

bool matches_pattern(std::string_view text, std::string_view pattern) {
  // Greedy with one step back: after a mismatch the last `*` takes one byte more.
  std::size_t at = 0, in = 0, star = std::string_view::npos, resume = 0;
  while (at < text.size()) {
    if (in < pattern.size() && pattern[in] == '*') {
      star = in++;
      resume = at;
    } else if (in < pattern.size() && (pattern[in] == '?' || pattern[in] == text[at])) {
      ++in;
      ++at;
    } else if (star != std::string_view::npos) {
      in = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in) == std::string_view::npos;
}

std::vector<std::string> expand_pattern(const std::string& pattern) {
  const std::filesystem::path path{pattern};
  const std::string wanted = path.filename().string();
  if (wanted.find_first_of("*?") == std::string::npos) return {pattern};
  const std::filesystem::path directory = path.parent_path();
  std::vector<std::string> files;
  std::error_code error;
  std::filesystem::directory_iterator entries{directory.empty() ? "." : directory, error};
  for (; !error && entries != std::filesystem::directory_iterator{}; entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    std::error_code ignored;
    const bool hidden = name.starts_with('.') && !wanted.starts_with('.');
    if (!hidden && matches_pattern(name, wanted) && entries->is_regular_file(ignored))
      files.push_back((directory / name).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace crmpulse::config
