#pragma once
// A recipe's file → Recipe, for probes/ itself. recipe_reader.cpp reads the keys, recipe_checks.cpp looks at the whole.

#include "config/node.h"
#include "config/reader.h"
#include "probes/recipe.h"

namespace crmpulse::probes {

[[nodiscard]] Recipe read_recipe(const config::Document& document, Problems& problems);

/// What one key alone cannot tell about a measurement; `reader` stands on it.
void check_measurement(const Recipe& recipe, const Measurement& measurement, config::Reader& reader);
void check_sample(const Measurement& measurement, const SampleSpec& spec, config::Reader& reader);

/// Letters, digits and `_`, not beginning with a digit.
[[nodiscard]] bool is_plain_name(std::string_view text);

}  // namespace crmpulse::probes
