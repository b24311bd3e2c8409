#include "net/server/accept.h"

#include <catch2/catch.hpp>

using namespace crmpulse;

namespace {

net::HttpRequest with(const std::string& name, const std::vector<std::string>& values) {
  net::HttpRequest request;
  for (const std::string& value : values) request.headers.emplace_back(name, value);
  return request;
}

bool takes_gzip(const std::string& value) {
  return net::accepts_gzip(with("Accept-Encoding", {value}));
}

}  // namespace

TEST_CASE("an element has its name, its weight and its parameters, over all fields of the name") {
  const auto elements = net::accepted(
      with("Accept",
           {"Application/OpenMetrics-Text; Version=1.0.0;escaping=\"allow,utf-8\";q=0.5 , text/*;q=0", "*/*"}),
      "accept");
  REQUIRE(elements.size() == 3);
  CHECK(elements[0].name == "application/openmetrics-text");
  CHECK(elements[0].parameter("version") == "1.0.0");
  CHECK(elements[0].parameter("escaping") == "allow,utf-8");
  CHECK(elements[0].weight == 0.5);
  CHECK(elements[1].name == "text/*");
  CHECK(elements[1].weight == 0);
  CHECK(elements[2].name == "*/*");
  CHECK(elements[2].weight == 1);
  CHECK(elements[2].parameter("version").empty());
}

TEST_CASE("an element with a weight that is not one is left out, the others stay") {
  for (const char* weight : {"x", "2", "-1", "", "1e0", "nan"}) {
    const auto elements = net::accepted(with("Accept", {std::string{"a/b;q="} + weight + ", c/d"}), "accept");
    INFO(weight);
    REQUIRE_FALSE(elements.empty());
    CHECK(elements.back().name == "c/d");
    CHECK(elements.front().name != "a/b");
  }
}

TEST_CASE("a header of any length gives a bounded number of elements") {
  std::string many;
  for (int i = 0; i < 5'000; ++i) many += "a/b,";
  CHECK(net::accepted(with("Accept", {many, "c/d"}), "accept").size() == 64);
  CHECK(net::accepted(with("Accept", {",,; ;q=1, ,\""}), "accept").size() <= 1);
  CHECK(net::accepted(with("Accept", {"\"\\"}), "accept").size() <= 1);
}

TEST_CASE("gzip is used when it is asked for and liked no less than no coding") {
  for (const char* value : {"gzip", "GZIP", "x-gzip", "deflate, gzip;q=1.0, *;q=0.5", "*", "gzip;q=0.1", "br, *;q=0.3",
                            "identity;q=0.5, gzip;q=0.5", "identity;q=0, gzip;q=0.001"}) {
    INFO(value);
    CHECK(takes_gzip(value));
  }
  for (const char* value :
       {"", "identity", "gzip;q=0", "*;q=0", "gzip;q=0, *", "identity, gzip;q=0.9", "br", "gzip;q=2"}) {
    INFO(value);
    CHECK_FALSE(takes_gzip(value));
  }
  CHECK_FALSE(net::accepts_gzip(net::HttpRequest{}));
}
