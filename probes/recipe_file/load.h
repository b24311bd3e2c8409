#pragma once
// Recipes of files.

#include <string>
#include <vector>

#include "probes/recipe/recipe.h"

namespace crmpulse::probes {

/// A shipped recipe's name (looked up in `recipe_dir`) or a path.
[[nodiscard]] boost::system::result<Recipe, Problems> load_recipe(const std::string& name_or_path,
                                                                  const std::string& recipe_dir);
/// Names of the recipes in a directory, sorted.
[[nodiscard]] std::vector<std::string> list_recipes(const std::string& recipe_dir);

}  // namespace crmpulse::probes
