#include "collector/receivers/base/address_policy.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>

using namespace crmpulse;
using namespace crmpulse::collector;
using Catch::Contains;

TEST_CASE("a link-local address is refused however it is written, unless it is meant") {
  for (const char* url :
       {"http://169.254.169.254/latest", "http://2852039166/", "http://0xa9.0xfe.0xa9.0xfe/", "http://0251.0376.43518/",
        "http://169.254.43518/", "http://169.254.169.254./", "http://[fe80::1]/", "http://[fe80::1%25eth0]/",
        "http://[::ffff:169.254.169.254]/", "http://[::ffff:a9fe:a9fe]/", "http://%31%36%39.254.169.254/",
        "http://hooks.example.com@169.254.169.254/", "http://hooks.example.com:80\\@169.254.169.254/",
        "https://u:hunter2@169.254.169.254:443/"}) {
    INFO(url);
    for (const std::optional<bool> allow_private : {std::optional<bool>{}, std::optional{false}}) {
      const auto allowed = check_address(url, allow_private);
      REQUIRE(allowed.has_error());
      CHECK_THAT(allowed.error().message, Contains("link-local"));
    }
    CHECK(check_address(url, true).has_value());
  }
}

TEST_CASE("private addresses are refused however they are written, if the receiver asks for that") {
  for (const char* url : {"http://127.1/", "http://0x7f000001/", "http://0/", "http://10.1/", "http://[::1]:9093/",
                          "http://[::ffff:10.0.0.1]/", "http://localhost/", "http://LOCALHOST./",
                          "http://crm.localhost/", "http://hooks.example.com@192.168.1.1/"}) {
    INFO(url);
    CHECK(check_address(url, std::nullopt).has_value());
    const auto allowed = check_address(url, false);
    REQUIRE(allowed.has_error());
    CHECK_THAT(allowed.error().message, Contains("allow_private is false"));
  }
  for (const char* url : {"https://hooks.example.com/", "https://hooks.example.com:8443/a?b", "http://8.8.8.8/"}) {
    INFO(url);
    CHECK(check_address(url, false).has_value());
  }
}

TEST_CASE("an address that two programs could read as two hosts is refused, and its secret is not shown") {
  for (const char* url : {"http://a@b:80@hunter2/", "http:///hunter2", "http:/hunter2", "http:\\\\hunter2", "hunter2",
                          "http://h/\thunter2", "http://h /hunter2", "http://h:0/hunter2", "http://h:65536/hunter2",
                          "http://h%00/hunter2", "http://①②⑦.0.0.1/hunter2", "ftp://h/hunter2", "http://"}) {
    INFO(url);
    const auto allowed = check_address(url, true);
    REQUIRE(allowed.has_error());
    CHECK_THAT(allowed.error().message, !Contains("hunter2"));
  }
}
