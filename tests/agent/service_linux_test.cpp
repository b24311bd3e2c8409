#include "agent/service.h"

#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/agent/support.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace crmpulse::agent::test;

TEST_CASE("the service manager hears every change in its own words") {
  const TempDir folder;
  const NotifySocket socket{folder.path("notify")};
  const Environment notify{"NOTIFY_SOCKET", folder.path("notify")};
  service::Manager manager;
  manager.ready();
  CHECK(socket.next() == "READY=1");
  manager.status("2 CRMs\nREADY=1");
  CHECK(socket.next() == "STATUS=2 CRMs");
  manager.reloading();
  CHECK(socket.next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  manager.alive();
  CHECK(socket.next() == "WATCHDOG=1");
  manager.stopping();
  CHECK(socket.next() == "STOPPING=1");
}

TEST_CASE("an abstract notify socket works like a file") {
  const std::string name = fmt::format("@crmpulse-test-{}", getpid());
  const NotifySocket socket{name};
  const Environment notify{"NOTIFY_SOCKET", name};
  service::Manager{}.ready();
  CHECK(socket.next() == "READY=1");
}

TEST_CASE("the watchdog wants a sign at half its time, and only from the process it means") {
  const TempDir folder;
  const NotifySocket socket{folder.path("notify")};
  const Environment notify{"NOTIFY_SOCKET", folder.path("notify")};
  CHECK_FALSE(service::Manager{}.alive_interval().has_value());
  const Environment watchdog{"WATCHDOG_USEC", "30000000"};
  CHECK(service::Manager{}.alive_interval() == Duration{15000});
  {
    const Environment ours{"WATCHDOG_PID", std::to_string(getpid())};
    CHECK(service::Manager{}.alive_interval() == Duration{15000});
  }
  const Environment others{"WATCHDOG_PID", std::to_string(getpid() + 1)};
  CHECK_FALSE(service::Manager{}.alive_interval().has_value());
}

TEST_CASE("without a service manager, or with one that does not listen, nothing happens") {
  service::Manager{}.ready();
  CHECK_FALSE(service::Manager{}.alive_interval().has_value());
  const Environment notify{"NOTIFY_SOCKET", "/nowhere/notify"};
  service::Manager{}.ready();
}

TEST_CASE("the machine says its name, our folder and our memory") {
  CHECK_FALSE(service::host_name().empty());
  CHECK(service::executable_dir() == std::string{CRMPULSE_BINARY_DIR} + "/bin");
  CHECK(service::resident_bytes() > 1024 * 1024);
  CHECK(service::default_state_dir() == "/var/lib/crmpulse-agent");
  const Environment given{"STATE_DIRECTORY", "/run/one:/run/two"};
  CHECK(service::default_state_dir() == "/run/one");
}
