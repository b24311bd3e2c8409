#pragma once
// `crms[].checks` and `crms[].requests`: what a user asks of a CRM beside its recipe.

#include "config/reader.h"
#include "probes/recipe.h"

namespace crmpulse::agent {

/// Reads both into `adapted`, the recipe as this CRM uses it. `recipe` is the one they are written for.
void read_additions(config::Reader& reader, const probes::Recipe& recipe, probes::Recipe& adapted);

}  // namespace crmpulse::agent
