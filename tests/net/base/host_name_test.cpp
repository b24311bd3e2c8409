#include "net/base/host_name.h"

#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace crmpulse::net;
using Catch::Contains;

TEST_CASE("an international name becomes the punycode that is on the wire") {
  CHECK(ascii_host("crm.example.com").value() == "crm.example.com");
  CHECK(ascii_host("bücher.example").value() == "xn--bcher-kva.example");
  CHECK(ascii_host("BÜCHER.example").value() == "xn--bcher-kva.example");
  CHECK(ascii_host("客户.例子.中国").value() == "xn--ubt06m.xn--fsqu00a.xn--fiqs8s");
  CHECK(ascii_host("straße.example").value() == "xn--strae-oqa.example");
  CHECK(ascii_host(std::string_view{"b\xFF.example"}).has_error());
}

TEST_CASE("what to write instead of an international name is told") {
  REQUIRE(host_fault("bücher.example"));
  CHECK_THAT(*host_fault("bücher.example"), Contains("write it as xn--bcher-kva.example"));
  CHECK_THAT(*host_fault("b\xFF.example"), Contains("is not a valid name"));
  for (const char* host : {"crm.example.com", "[::1]", ""}) CHECK_FALSE(host_fault(host));
}
