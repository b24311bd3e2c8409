#pragma once
// One rule, and the settings, of a rules file. Internal to config/: consumers use rules_file.h.

#include "config/reader.h"
#include "core/rule.h"

namespace crmpulse::config {

/// A mapping of label names to a value or a list of values; sorted, so that equal selections compare equal.
[[nodiscard]] std::vector<LabelMatch> read_matches(Reader& parent, std::string_view key);

/// Reads the keys that are given over `rule`, but for id and applies_to. `inherited`: `rule` is a copy of an earlier
/// rule, and nothing is required.
void read_rule(Reader& reader, bool inherited, Rule& rule);

/// The load-time checks that need several keys; `rule` was read by `reader` without a problem.
void check_rule(Reader& reader, const Rule& rule);

/// A rule that names others in `inhibited_by`, and where it says so.
struct InhibitionPlace {
  std::string id;
  std::vector<std::string> by;
  std::string file;
  std::string path;
  int line = 0;
};
/// The checks that need all rules of all files: ids that are not there, and rules that inhibit each other in a circle.
void check_inhibitions(const std::vector<InhibitionPlace>& places, const std::vector<Rule>& rules, Problems& problems);

/// Reads the keys that are given over `settings`.
void read_settings(Reader& reader, NotificationPolicy& settings);

}  // namespace crmpulse::config
