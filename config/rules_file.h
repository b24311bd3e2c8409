#pragma once
// Rules files and remedies files → checked values. Every load-time check of the health-states specification is here.

#include <map>
#include <string>
#include <vector>

#include "config/node.h"  // lets result<T, Problems>::value() throw
#include "core/failure/error.h"
#include "core/rule.h"

namespace crmpulse::config {

/// Loads rules files in order. Patterns (`/etc/crmpulse/rules.d/*.yaml`) expand sorted; a pattern may match nothing
/// (pattern.h has a warning for that), its folder must be readable, a plain name must exist, and a file that holds
/// nothing is a mistake unless it says `{}`.
///
/// Later files override: settings key by key; a rule with the same id and the same `applies_to` takes the place of the
/// earlier one; with another `applies_to` it is added so that, of the rules of an id that match a CRM, the narrowest
/// and latest is the last. Either may give only the keys it changes: the rest comes from the earlier rule with the same
/// `applies_to`, else from the latest one that is wider, else from the latest of that id, as it is at that moment.
/// `measure` and `active` are taken over whole; `sub`, `poor`, `recover_for`, `no_data`, `score` key by key, except
/// that an `enter` without an `exit` beside it sets both.
[[nodiscard]] boost::system::result<Ruleset, Problems> load_rules(const std::vector<std::string>& patterns);

/// Remedies by key; per-kind additions are under `KEY/KIND` (`slow_response/salesforce`).
using Remedies = std::map<std::string, Remedy, std::less<>>;
/// A key of a later file replaces the earlier one with all its kinds.
[[nodiscard]] boost::system::result<Remedies, Problems> load_remedies(const std::vector<std::string>& patterns);

}  // namespace crmpulse::config
