#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace crmpulse::config {

/// `*` is any text, `?` any one byte.
[[nodiscard]] bool matches_pattern(std::string_view text, std::string_view pattern);

/// `/etc/crmpulse/rules.d/*.yaml` → the files there, sorted by name; names that begin with a dot match only a pattern
/// that does. Wildcards stand in the last part only. What holds no wildcard comes back as it is, existing or not.
[[nodiscard]] std::vector<std::string> expand_pattern(const std::string& pattern);

}  // namespace crmpulse::config
