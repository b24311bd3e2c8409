#pragma once
// When a vendor ends an API that a recipe names: `ends` of a recipe.

#include <optional>
#include <string>
#include <vector>

#include "probes/recipe/recipe.h"

namespace crmpulse::probes {

/// `check` speaks of an end this long before it comes.
inline constexpr Duration kTellEndBefore{std::chrono::hours{120 * 24}};

void read_endings(config::Reader& reader, Recipe& recipe);

/// Does it concern a CRM with these values?
[[nodiscard]] bool concerns(const Ending& ending, const Arguments& arguments);
/// What to tell of the ends that concern a CRM and are near or past at `now`, one line each, the nearest first.
[[nodiscard]] std::vector<std::string> told_endings(const Recipe& recipe, const Arguments& arguments, TimePoint now);

}  // namespace crmpulse::probes
