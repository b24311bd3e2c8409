#include "agent/service.h"

#include <catch2/catch.hpp>

#include "tests/support/notify_socket.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using crmpulse::test::Environment;

TEST_CASE("what only the start needed is given back, and the program goes on") {
  const std::uint64_t before = service::resident_bytes();
  REQUIRE(before > 0);
  service::settle_memory();
  CHECK(service::resident_bytes() < before);
  CHECK_FALSE(service::executable_dir().empty());
}

TEST_CASE("the machine says its name, our folder and our memory") {
  CHECK_FALSE(service::host_name().empty());
  CHECK(service::executable_dir() == std::string{CRMPULSE_BINARY_DIR} + "/bin");
  CHECK(service::resident_bytes() > 1024 * 1024);
  CHECK(service::default_state_dir() == "/var/lib/crmpulse-agent");
  const Environment given{"STATE_DIRECTORY", "/run/one:/run/two"};
  CHECK(service::default_state_dir() == "/run/one");
}
