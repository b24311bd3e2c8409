#include "collector/http/external_url.h"

#include <catch2/catch.hpp>

using namespace crmpulse::collector;

TEST_CASE("an external URL gives its host and port as browsers write them") {
  CHECK(authority_in("https://Health.example.com/crm") == "health.example.com");
  CHECK(authority_in("https://health.example.com:443/") == "health.example.com");
  CHECK(authority_in("http://health.example.com:8080") == "health.example.com:8080");
  CHECK(authority_in("https://[2001:db8::1]:8443/crm") == "[2001:db8::1]:8443");
  CHECK(authority_in("null").empty());
  CHECK(authority_in("").empty());
}

TEST_CASE("an external URL gives the path before the collector's own, which never ends with a slash") {
  CHECK(base_path("https://ops.example.com/crm") == "/crm");
  CHECK(base_path("https://ops.example.com/tools/crm//") == "/tools/crm");
  CHECK(base_path("https://ops.example.com/%E8%BF%90%E7%BB%B4") == "/%E8%BF%90%E7%BB%B4");
  CHECK(base_path("https://ops.example.com").empty());
  CHECK(base_path("https://ops.example.com/").empty());
  CHECK(base_path("").empty());
  CHECK(base_path("null").empty());
}
