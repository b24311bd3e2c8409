// A name server that does not answer, without a network: this program's getaddrinfo stands before the C library's.
#include <dlfcn.h>
#include <netdb.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "support.h"

using namespace crmpulse;
using namespace crmpulse::net;
using namespace crmpulse::net::test;

namespace {

constexpr const char* kHangingName = "hangs.test";

struct HangingNameServer {
  std::mutex mutex;
  std::condition_variable changed;
  int asked = 0;
  bool answers = false;
};

/// Outlives every resolver thread.
HangingNameServer& name_server() {
  static auto* const server = new HangingNameServer;
  return *server;
}

void hang() {
  HangingNameServer& server = name_server();
  std::unique_lock lock(server.mutex);
  server.asked += 1;
  server.changed.notify_all();
  server.changed.wait(lock, [&] { return server.answers; });
}

}  // namespace

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** result) {
  using Real = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const Real real = reinterpret_cast<Real>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  if (name == nullptr || std::strcmp(name, kHangingName) != 0) return real(name, service, hints, result);
  hang();
  return EAI_AGAIN;
}

TEST_CASE("a name server that hangs times its request out at resolve and delays no other") {
  Served served(answering("ok"));
  std::promise<ClientResponse> hung;
  HttpClient client;
  ClientRequest request = get(std::string("http://") + kHangingName + "/");
  request.timeout = Duration{200};
  const auto start = std::chrono::steady_clock::now();
  client.send(request, [&](ClientResponse response) { hung.set_value(std::move(response)); });
  REQUIRE(eventually([] {
    const std::lock_guard lock(name_server().mutex);
    return name_server().asked > 0;
  }));
  CHECK(fetch(client, get(served.url())).body == "ok");
  const ClientResponse response = hung.get_future().get();
  REQUIRE(response.failure);
  CHECK(response.failure->stage == Stage::resolve);
  CHECK(response.failure->reason == Reason::timeout);
  CHECK(fetch(client, get(served.url())).body == "ok");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{10});
  const std::lock_guard lock(name_server().mutex);
  name_server().answers = true;
  name_server().changed.notify_all();
}
