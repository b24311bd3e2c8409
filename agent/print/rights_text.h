#pragma once
// What a recipe's monitoring account needs, as text to paste: SQL statements, or a list of permissions.

#include <string>

#include "probes/recipe/recipe.h"

namespace crmpulse::agent {

/// Returns the section of `recipes NAME`, empty if the recipe lists no rights. For each kind of database it holds
/// statements that work from first to last: the account, then tables of ours, then what is granted; what only some
/// settings need comes behind, under a comment that says so.
[[nodiscard]] std::string rights_text(const probes::Recipe& recipe, bool chinese);

}  // namespace crmpulse::agent
