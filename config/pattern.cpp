#include "config/pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "core/files/utf8_path.h"
#include "core/text/ascii.h"

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

namespace {

namespace fs = std::filesystem;

bool has_wildcard(std::string_view name) {
  return name.find_first_of("*?") != std::string_view::npos;
}

/// The same but for the ending's spelling: `site.yml` or `site.YAML` where `*.yaml` is wanted.
bool nearly_matches(std::string name, std::string_view wanted) {
  name = ascii::lower(name);
  if (name.ends_with(".yml")) name.replace(name.size() - 3, 3, "yaml");
  return matches_pattern(name, wanted);
}

}  // namespace

Expansion expand_pattern(const std::string& pattern) {
  Expansion found;
  const fs::path path{pattern};
  const std::string wanted = files::utf8(path.filename());
  if (!has_wildcard(wanted)) {
    found.files = {pattern};
    return found;
  }
  const fs::path directory = path.parent_path();
  std::error_code error;
  fs::directory_iterator entries{directory.empty() ? "." : directory, error};
  for (; !error && entries != fs::directory_iterator{}; entries.increment(error)) {
    const std::string name = files::utf8(entries->path().filename());
    if (name.starts_with('.') && !wanted.starts_with('.')) continue;
    if (matches_pattern(name, wanted)) {
      found.files.push_back(files::utf8(directory / name));
    } else if (nearly_matches(name, wanted)) {
      found.overlooked = name;
    }
  }
  if (error && error != std::errc::no_such_file_or_directory)
    found.fault = fmt::format("the folder cannot be read: {}", error.message());
  std::sort(found.files.begin(), found.files.end());
  return found;
}

std::vector<std::string> unmatched(const std::vector<std::string>& patterns, const std::vector<std::string>& expected) {
  std::vector<std::string> out;
  for (const std::string& pattern : patterns) {
    const Expansion found = expand_pattern(pattern);
    if (!found.files.empty() || !found.fault.empty()) continue;
    const bool may_be_empty = std::find(expected.begin(), expected.end(), pattern) != expected.end();
    if (may_be_empty && found.overlooked.empty()) continue;
    out.push_back(fmt::format("{} matches no file{}", pattern,
                              found.overlooked.empty()
                                  ? std::string{}
                                  : fmt::format("; there is '{}', which it does not name", found.overlooked)));
  }
  return out;
}

}  // namespace crmpulse::config
