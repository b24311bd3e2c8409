#pragma once
// Recipes of files.

#include <optional>
#include <string>
#include <vector>

#include "probes/recipe/recipe.h"
#include "probes/recipe_file/signs.h"

namespace crmpulse::probes {

/// A shipped recipe's name (looked up in `recipe_dir`) or a path.
[[nodiscard]] boost::system::result<Recipe, Problems> load_recipe(const std::string& name_or_path,
                                                                  const std::string& recipe_dir);
/// A recipe with what its product is recognised by.
struct DescribedRecipe {
  Recipe recipe;
  std::optional<Signs> signs;  ///< nullopt: it cannot be recognised
};
[[nodiscard]] boost::system::result<DescribedRecipe, Problems> load_described(const std::string& name_or_path,
                                                                              const std::string& recipe_dir);
/// Names of the recipes in a directory, sorted.
[[nodiscard]] std::vector<std::string> list_recipes(const std::string& recipe_dir);

}  // namespace crmpulse::probes
