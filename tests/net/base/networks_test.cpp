#include "net/base/networks.h"

#include <catch2/catch.hpp>

using namespace crmpulse::net;

namespace {

Networks of(const std::vector<std::string>& texts) {
  Networks out;
  for (const std::string& text : texts) REQUIRE(out.add(text).has_value());
  return out;
}

}  // namespace

TEST_CASE("addresses are found in networks and single addresses, IPv4 in IPv6 too") {
  const Networks some = of({"10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "172.16.0.0/12"});
  for (const char* inside : {"10.0.0.0", "10.255.1.2", "::ffff:10.1.1.1", "192.0.2.7", "2001:db8:1::1", "172.31.0.9"}) {
    INFO(inside);
    CHECK(some.contains(inside));
  }
  for (const char* outside : {"11.0.0.1", "192.0.2.8", "2001:db9::1", "172.32.0.1", "::", "nobody", ""}) {
    INFO(outside);
    CHECK_FALSE(some.contains(outside));
  }
  CHECK_FALSE(Networks{}.contains("127.0.0.1"));
}

TEST_CASE("loopback is 127.0.0.0/8 and ::1") {
  CHECK(Networks::loopback().contains("127.0.0.1"));
  CHECK(Networks::loopback().contains("127.9.9.9"));
  CHECK(Networks::loopback().contains("::1"));
  CHECK_FALSE(Networks::loopback().contains("128.0.0.1"));
  CHECK(is_loopback_host("localhost"));
  CHECK(is_loopback_host("127.0.0.1"));
  CHECK_FALSE(is_loopback_host("localhost.example.com"));
}

TEST_CASE("what is not a network is refused with a reason") {
  for (const char* wrong : {"", "x", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.1/8", "::/129", "10.0.0.0/8x",
                            "host.example.com"}) {
    INFO(wrong);
    Networks out;
    const auto added = out.add(wrong);
    REQUIRE(added.has_error());
    CHECK_FALSE(added.error().message.empty());
  }
  CHECK(of({"0.0.0.0/0"}).contains("9.9.9.9"));
  CHECK_FALSE(of({"0.0.0.0/0"}).contains("2001:db8::1"));
}

TEST_CASE("one client is an IPv4 address or an IPv6 network of 64 bits") {
  CHECK(client_of("192.0.2.7") == "192.0.2.7");
  CHECK(client_of("2001:db8:1:2:3:4:5:6") == client_of("2001:db8:1:2::9"));
  CHECK(client_of("2001:db8:1:2::9") != client_of("2001:db8:1:3::9"));
}
