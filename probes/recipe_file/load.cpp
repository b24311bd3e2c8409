#include "probes/recipe_file/load.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/files/utf8_path.h"
#include "probes/recipe_file/reader.h"

namespace crmpulse::probes {
namespace {

constexpr std::string_view kSuffix = ".yaml";

bool names_a_file(std::string_view text) {
  return text.find('/') != std::string_view::npos || text.ends_with(kSuffix) || text.ends_with(".yml");
}

}  // namespace

boost::system::result<DescribedRecipe, Problems> load_described(const std::string& name_or_path,
                                                                const std::string& recipe_dir) {
  const std::string file = names_a_file(name_or_path)
                               ? name_or_path
                               : files::utf8(std::filesystem::path{recipe_dir} / (name_or_path + std::string{kSuffix}));
  std::error_code error;
  if (!names_a_file(name_or_path) && !std::filesystem::exists(file, error)) {
    return Problems{{file, 0, "",
                     fmt::format("there is no recipe '{}'; shipped are: {}", name_or_path,
                                 fmt::join(list_recipes(recipe_dir), ", "))}};
  }
  const auto document = config::load_file(file);
  if (!document) return document.error();
  Problems problems;
  Recipe recipe = read_recipe(*document, problems);
  if (!problems.empty()) {
    std::stable_sort(problems.begin(), problems.end(),
                     [](const Problem& a, const Problem& b) { return a.line < b.line; });
    return problems;
  }
  Problems none;  // told above
  config::Reader root{document->root, "", document->file, none};
  auto signs = read_signs(root, recipe);
  return DescribedRecipe{std::move(recipe), std::move(signs)};
}

boost::system::result<Recipe, Problems> load_recipe(const std::string& name_or_path, const std::string& recipe_dir) {
  auto described = load_described(name_or_path, recipe_dir);
  if (!described) return described.error();
  return std::move(described->recipe);
}

std::vector<std::string> list_recipes(const std::string& recipe_dir) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{recipe_dir, error}) {
    if (entry.path().extension() == kSuffix) names.push_back(files::utf8(entry.path().stem()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace crmpulse::probes
