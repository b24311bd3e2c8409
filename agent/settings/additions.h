#pragma once
// `crms[].checks` and `crms[].requests`: what a user asks of a CRM beside its recipe.

#include <string>
#include <vector>

#include "config/reader.h"
#include "probes/recipe/recipe.h"

namespace crmpulse::agent {

/// Reads both into `adapted`, the recipe as this CRM uses it. `recipe` is the one they are written for. Write tests are
/// off until `write_tests`; their ids go to `off`.
void read_additions(config::Reader& reader, const probes::Recipe& recipe, bool write_tests, probes::Recipe& adapted,
                    std::vector<std::string>& off);

}  // namespace crmpulse::agent
