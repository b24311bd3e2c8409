#include "config/data_dir.h"

#include <catch2/catch.hpp>

#include "tests/support/temp_dir.h"

using namespace crmpulse;

TEST_CASE("recipes and rules that lie beside the program, as Windows has them, are found") {
  const test::TempDir folder;
  folder.write("bin/rules/default.yaml", "");
  CHECK(config::data_dir(folder.path("bin"), "/installed") == folder.path("bin"));
  CHECK(config::data_dir(folder.path("elsewhere"), "/installed") == "/installed");
}
