#pragma once
// Names in rules and remedies that may be anybody's own, and probably are typing errors.

#include <string>
#include <vector>

#include "config/rules_file.h"
#include "core/rule.h"

namespace crmpulse::collector {

/// Returns a sentence with file and line for each metric that no agent sends, each remedy of a rule that is not there,
/// and each dimension and key of a remedy that only resembles one. `rules` and `remedies` are patterns; the rest is
/// what was loaded from them. Files below the folder `shipped` are not looked at, and the metrics of their rules are
/// known. Warnings, because other senders have metrics, and people dimensions, of their own. Waits for files.
[[nodiscard]] std::vector<std::string> doubtful_names(const std::vector<std::string>& rules,
                                                      const std::vector<std::string>& remedies, const Ruleset& ruleset,
                                                      const config::Remedies& known, const std::string& shipped);

}  // namespace crmpulse::collector
