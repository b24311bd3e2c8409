#pragma once
// Matches and expands file name patterns.

#include <string>
#include <string_view>
#include <vector>

namespace crmpulse::config {

/// Returns whether the text matches: `*` is any text, `?` any one byte.
[[nodiscard]] bool matches_pattern(std::string_view text, std::string_view pattern);

/// What a pattern names.
struct Expansion {
  std::vector<std::string> files;
  std::string fault;       ///< why its folder cannot be read, or an entry of it; empty: all is well
  std::string overlooked;  ///< where nothing matches: a name there that was perhaps meant, `site.yml` for `*.yaml`
};

/// `/etc/crmpulse/rules.d/*.yaml` → the files there, sorted by name; names that begin with a dot match only a pattern
/// that does. Wildcards stand in the last part only. What holds no wildcard comes back as it is, existing or not. A
/// folder that is not there holds nothing; one that cannot be read is a fault.
[[nodiscard]] Expansion expand_pattern(const std::string& pattern);

/// Returns one sentence for each pattern that does not match a file. For patterns that are `expected` to match nothing
/// (until somebody puts a file there) only if another file was perhaps meant.
[[nodiscard]] std::vector<std::string> unmatched(const std::vector<std::string>& patterns,
                                                 const std::vector<std::string>& expected);

}  // namespace crmpulse::config
