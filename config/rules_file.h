#pragma once
// Rules files and remedies files → checked values. Every load-time check of the health-states specification is here.

#include <map>
#include <string>
#include <vector>

#include "core/rule.h"
#include "core/error.h"

namespace crmpulse::config {

/// Loads rules files in order; later files override settings and, by id with the same or a narrower `applies_to`,
/// rules. Patterns (`/etc/crmpulse/rules.d/*.yaml`) expand sorted; a pattern may match nothing, a plain name must exist.
[[nodiscard]] boost::system::result<Ruleset, Problems> load_rules(const std::vector<std::string>& patterns);

/// Remedies by key; per-kind additions are under `KEY/KIND` (`slow_response/salesforce`).
using Remedies = std::map<std::string, Remedy, std::less<>>;
[[nodiscard]] boost::system::result<Remedies, Problems> load_remedies(const std::vector<std::string>& patterns);

}  // namespace crmpulse::config
