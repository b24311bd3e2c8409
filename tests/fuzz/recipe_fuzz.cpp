// A recipe file of a user's own.
#include "fuzz_target.h"
#include "memory_file.h"
#include "probes/load_recipe.h"
#include "probes/recipe.h"

using namespace crmpulse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file{fuzz::text_of(data, size)};
  const auto recipe = probes::load_recipe(file.path(), "/nonexistent");
  if (!recipe) fuzz::require(!recipe.error().empty());
  if (recipe) fuzz::require(!recipe->measurements.empty());
  return 0;
}
