#include <catch2/catch.hpp>

#include "probes/recipe_file/load.h"

using namespace crmpulse;

TEST_CASE("every shipped recipe of a product says what it is recognised by") {
  const std::string folder = std::string{CRMPULSE_SOURCE_DIR} + "/config/recipes";
  std::vector<std::string> without;
  for (const std::string& name : probes::list_recipes(folder)) {
    INFO(name);
    const auto known = probes::load_described(name, folder);
    REQUIRE(known.has_value());
    if (!known->signs) without.push_back(name);
  }
  CHECK(without == std::vector<std::string>{"http", "rest", "sql"});
}

TEST_CASE("versions are compared number by number") {
  const probes::VersionBounds bounds{"2", "4.1"};
  for (const char* inside : {"2", "2.0.1", "3.10", "4", "4.0.9", "", "saas~17"})
    CHECK(probes::is_within(bounds, inside));
  for (const char* outside : {"1.9", "4.1", "4.10", "10"}) CHECK_FALSE(probes::is_within(bounds, outside));
  CHECK(probes::is_within({}, "1"));
}
