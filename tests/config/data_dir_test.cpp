#include "config/data_dir.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/support/temp_dir.h"

using namespace crmpulse;

TEST_CASE("recipes and rules that lie beside the program, as Windows has them, are found") {
  const test::TempDir folder;
  folder.write("bin/rules/default.yaml", "");
  // Windows' own separator may stand in it.
  CHECK(std::filesystem::path{config::data_dir(folder.path("bin"), "/installed")} ==
        std::filesystem::path{folder.path("bin")});
  CHECK(config::data_dir(folder.path("elsewhere"), "/installed") == "/installed");
}
