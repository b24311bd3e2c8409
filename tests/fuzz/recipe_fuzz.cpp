// A recipe file of a user's own.
#include "probes/recipe/recipe.h"
#include "probes/recipe_file/load.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/memory_file.h"

using namespace crmpulse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file{fuzz::text_of(data, size)};
  const auto recipe = probes::load_recipe(file.path(), "/nonexistent");
  if (!recipe) fuzz::require(!recipe.error().empty());
  if (recipe) fuzz::require(!recipe->measurements.empty());
  return 0;
}
