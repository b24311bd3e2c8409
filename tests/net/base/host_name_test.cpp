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

TEST_CASE("what to write instead is told wherever the name stands in the address") {
  for (const std::string url :
       {"https://bücher.example/path", "http://user:pä@bücher.example:8080", "bücher.example:587",
        "postgresql://m@db1.example,bücher.example:5432/crm", "https://b%C3%BCcher.example"}) {
    INFO(url);
    REQUIRE(host_fault(url));
    CHECK_THAT(*host_fault(url), Contains("write it as xn--bcher-kva.example"));
  }
  for (const std::string url : {"https://crm.example.com/größe?q=ü", "https://nutzer-ü:ä@crm.example.com/",
                                "http://[::1]:8080/", "sqlite:///srv/数据.db", ""}) {
    INFO(url);
    CHECK_FALSE(host_fault(url));
  }
}

TEST_CASE("an address keeps everything but its host") {
  CHECK(with_ascii_host("https://u:p@bücher.example:8443/ä?ö#ü") == "https://u:p@xn--bcher-kva.example:8443/ä?ö#ü");
  CHECK(with_ascii_host("http://crm.example.com/ä") == "http://crm.example.com/ä");
  CHECK(with_ascii_host("") == "");
}
