#include "net/service/service_notify.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/support/notify_socket.h"

using namespace crmpulse;
using namespace crmpulse::net;
using crmpulse::test::Environment;
using crmpulse::test::NotifySocket;

namespace {

const std::string kName = "@crmpulse-notify-test-" + std::to_string(getpid());

}  // namespace

TEST_CASE("the service manager hears every change in its own words") {
  const NotifySocket socket{kName};
  const Environment notify{"NOTIFY_SOCKET", kName};
  ServiceNotify manager;
  manager.ready();
  CHECK(socket.next() == "READY=1");
  manager.status("2 CRMs\nREADY=1");
  CHECK(socket.next() == "STATUS=2 CRMs");
  manager.status("2 CRMs");  // not said twice
  manager.reloading();
  CHECK(socket.next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  manager.alive();
  CHECK(socket.next() == "WATCHDOG=1");
  manager.stopping();
  CHECK(socket.next() == "STOPPING=1");
}

TEST_CASE("a notify socket with a path works like an abstract one") {
  const std::string name =
      (std::filesystem::temp_directory_path() / ("crmpulse-notify-" + std::to_string(getpid()))).string();
  const NotifySocket socket{name};
  const Environment notify{"NOTIFY_SOCKET", name};
  ServiceNotify{}.ready();
  CHECK(socket.next() == "READY=1");
  std::filesystem::remove(name);
}

TEST_CASE("the watchdog wants a sign at half its time, and only from the process it means") {
  const NotifySocket socket{kName};
  const Environment notify{"NOTIFY_SOCKET", kName};
  CHECK_FALSE(ServiceNotify{}.alive_interval().has_value());
  const Environment watchdog{"WATCHDOG_USEC", "30000000"};
  CHECK(ServiceNotify{}.alive_interval() == Duration{15000});
  {
    const Environment ours{"WATCHDOG_PID", std::to_string(getpid())};
    CHECK(ServiceNotify{}.alive_interval() == Duration{15000});
  }
  const Environment others{"WATCHDOG_PID", std::to_string(getpid() + 1)};
  CHECK_FALSE(ServiceNotify{}.alive_interval().has_value());
}

TEST_CASE("who is busy for long feeds the watchdog and asks for more time to start or stop") {
  const NotifySocket socket{kName};
  const Environment notify{"NOTIFY_SOCKET", kName};
  ServiceNotify manager;
  for (int second = 0; second < 3; ++second) {
    manager.busy();
    CHECK(socket.next() == "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=30000000");
  }
}

TEST_CASE("without a service manager, or with one that does not listen, nothing happens") {
  ServiceNotify{}.ready();
  CHECK_FALSE(ServiceNotify{}.alive_interval().has_value());
  const Environment notify{"NOTIFY_SOCKET", "/nowhere/notify"};
  ServiceNotify{}.ready();
}
