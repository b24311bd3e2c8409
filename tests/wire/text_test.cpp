#include "wire/text.h"

#include <catch2/catch.hpp>
#include <string>

using namespace crmpulse::wire;

TEST_CASE("names follow Prometheus's two patterns") {
  for (const char* good : {"a", "_", "__name__", "A9_z"}) CHECK(is_label_name(good));
  for (const char* bad : {"", "9a", "a-b", "a:b", "a b", "é"}) CHECK_FALSE(is_label_name(bad));
  for (const char* good : {"crm_up", "a:b", ":a", "_1"}) CHECK(is_metric_name(good));
  for (const char* bad : {"", "1a", "a.b", "a-b", "状"}) CHECK_FALSE(is_metric_name(bad));
  CHECK_FALSE(is_label_name(std::string{"a\0b", 3}));
}
