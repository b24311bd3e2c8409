// The lists that users' files, messages and rules all speak of.

#include <catch2/catch.hpp>
#include <set>

#include "core/dimension.h"
#include "core/failure/failure.h"
#include "core/metric_names.h"
#include "core/rule.h"
#include "core/vendor.h"

using namespace crmpulse;

TEST_CASE("every dimension is found by its id and has a name of its own in both languages") {
  std::set<std::string_view> en;
  std::set<std::string_view> zh;
  for (const DimensionName& dimension : dimensions()) {
    CHECK(find_dimension(dimension.id) == &dimension);
    en.insert(dimension.en);
    zh.insert(dimension.zh);
  }
  CHECK(dimensions().size() == 13);
  CHECK(en.size() == dimensions().size());
  CHECK(zh.size() == dimensions().size());
  CHECK(find_dimension("weather") == nullptr);
  CHECK(find_dimension("") == nullptr);
}

TEST_CASE("the names of stages stand in the order of their values") {
  REQUIRE(stage_names().size() == static_cast<std::size_t>(Stage::cleanup) + 1);
  for (std::size_t i = 0; i < stage_names().size(); ++i) CHECK(stage_from(stage_names()[i]) == static_cast<Stage>(i));
}

TEST_CASE("outages of vendors are looked for in every kind whose product has a name") {
  CHECK(VendorOutage{}.kinds == vendor_kinds());
  for (const std::string& kind : vendor_kinds()) CHECK(product_name(kind) != kind);
  CHECK(product_name("dynamics") == "Dynamics 365");
  CHECK(product_name("tryton") == "tryton");
}

TEST_CASE("every metric has a sentence of its own for people") {
  std::set<std::string_view> sentences;
  for (const std::string_view name : metric_names()) {
    INFO(name);
    CHECK(metric_help(name).ends_with('.'));
    sentences.insert(metric_help(name));
  }
  CHECK(sentences.size() == metric_names().size());
  CHECK(metric_help("crm_nothing").empty());
}
