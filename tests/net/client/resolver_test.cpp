// A name server that does not answer, without a network: this program's getaddrinfo stands before the C library's.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "net/client/mail_client.h"
#include "tests/net/support.h"

using namespace crmpulse;
using namespace crmpulse::net;
using namespace crmpulse::net::test;

namespace {

constexpr const char* kHangingName = "hangs.test";
constexpr const char* kUnansweredName = "unanswered.test";
constexpr const char* kDeniedName = "denied.test";
constexpr const char* kTwoAddresses = "two-addresses.test";  ///< 127.0.0.2, 127.0.0.1
constexpr const char* kSixAndFour = "six-and-four.test";     ///< ::1, 127.0.0.1
constexpr int kNameServerWaits = 1100;                       ///< milliseconds until the resolver gives an answer up

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

/// How long the resolver waits for one answer. The C library reads it once, at its first use.
const int kShortPatience = ::setenv("RES_OPTIONS", "timeout:1", 1);

/// A listener whose queue is full: what comes next is neither taken nor refused.
class SilentListener {
 public:
  SilentListener(const char* address, unsigned short port) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST;
    addrinfo* found = nullptr;
    if (::getaddrinfo(address, std::to_string(port).c_str(), &hints, &found) != 0) return;
    listener_ = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    there_ = ::bind(listener_, found->ai_addr, found->ai_addrlen) == 0 && ::listen(listener_, 0) == 0;
    for (int i = 0; there_ && i < 8; ++i) {
      const int waiting = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      (void)::connect(waiting, found->ai_addr, found->ai_addrlen);
      queue_.push_back(waiting);
    }
    ::freeaddrinfo(found);
  }
  ~SilentListener() {
    for (const int waiting : queue_) ::close(waiting);
    if (listener_ >= 0) ::close(listener_);
  }
  SilentListener(const SilentListener&) = delete;
  SilentListener& operator=(const SilentListener&) = delete;
  [[nodiscard]] bool there() const { return there_; }

 private:
  int listener_ = -1;
  bool there_ = false;
  std::vector<int> queue_;
};

using Resolve = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

Resolve real_resolver() {
  static const auto real = reinterpret_cast<Resolve>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return real;
}

/// Two addresses in this order; the C library frees what it made one by one.
int two(const char* first, const char* second, const char* service, const addrinfo* hints, addrinfo** result) {
  addrinfo numeric = hints == nullptr ? addrinfo{} : *hints;
  numeric.ai_flags = AI_NUMERICHOST;
  numeric.ai_family = AF_UNSPEC;
  if (const int error = real_resolver()(first, service, &numeric, result); error != 0) return error;
  addrinfo* last = *result;
  while (last->ai_next != nullptr) last = last->ai_next;
  return real_resolver()(second, service, &numeric, &last->ai_next);
}

}  // namespace

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** result) {
  const auto is = [name](const char* known) { return name != nullptr && std::strcmp(name, known) == 0; };
  if (is(kDeniedName)) return EAI_NONAME;
  if (is(kTwoAddresses)) return two("127.0.0.2", "127.0.0.1", service, hints, result);
  if (is(kSixAndFour)) return two("::1", "127.0.0.1", service, hints, result);
  if (is(kUnansweredName)) {
    ::poll(nullptr, 0, kNameServerWaits);  // as the C library's own resolver waits
    return EAI_AGAIN;
  }
  if (!is(kHangingName)) return real_resolver()(name, service, hints, result);
  hang();
  return EAI_AGAIN;
}

TEST_CASE("a name server that hangs times its request out at resolve and delays no other") {
  Served served(answering("ok"));
  std::promise<ClientResponse> hung;
  HttpClient client;
  ClientRequest request = get(std::string("http://") + kHangingName + "/");
  request.timeout = Duration{200};
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
  const std::lock_guard lock(name_server().mutex);
  name_server().answers = true;
  name_server().changed.notify_all();
}

TEST_CASE("a name server that lets the resolver wait in vain is a timeout, a name it denies is not", "[slow]") {
  REQUIRE(kShortPatience == 0);
  const auto failure = [](const std::string& name) {
    HttpClient client;
    const ClientResponse response = fetch(client, get("http://" + name + "/"));
    REQUIRE(response.failure);
    CHECK(response.failure->stage == Stage::resolve);
    return *response.failure;
  };
  CHECK(failure(kUnansweredName).reason == Reason::timeout);
  CHECK(failure(kDeniedName).reason == Reason::unreachable);
}

TEST_CASE("of two addresses the one that answers is found, whichever comes first", "[slow]") {
  Served served(answering("ok"));
  const SilentListener silent{"127.0.0.2", served.port()};
  HttpClient client;
  ClientRequest request = get("http://" + std::string{kTwoAddresses} + ":" + std::to_string(served.port()) + "/");
  request.timeout = std::chrono::seconds{8};
  const ClientResponse response = fetch(client, request);
  INFO(response.failure.value_or(Failure{}).message);
  CHECK(response.body == "ok");
}

TEST_CASE("an IPv6 address that leads nowhere delays a request by a moment only") {
  Served served(answering("ok"));
  const SilentListener silent{"::1", served.port()};
  if (!silent.there()) {
    WARN("skipped: this machine has no IPv6");
    return;
  }
  HttpClient client;
  ClientRequest request = get("http://" + std::string{kSixAndFour} + ":" + std::to_string(served.port()) + "/");
  request.timeout = std::chrono::seconds{8};
  const ClientResponse response = fetch(client, request);
  CHECK(response.body == "ok");
  CHECK(response.phases.connect < 4);  // not half of its time, as one after the other would take
}

TEST_CASE("mail to a server whose name server does not answer times out at resolve") {
  MailClient client;
  MailRequest request;
  request.server = std::string{kUnansweredName} + ":25";
  request.security = MailRequest::Security::none;
  request.from = "a@example.com";
  request.to = "b@example.com";
  request.message = "Subject: x\r\n\r\nx\r\n";
  request.timeout = Duration{300};
  std::promise<ClientResponse> promise;
  client.send(request, [&](ClientResponse response) { promise.set_value(std::move(response)); });
  const ClientResponse response = promise.get_future().get();
  REQUIRE(response.failure);
  CHECK(response.failure->stage == Stage::resolve);
  CHECK(response.failure->reason == Reason::timeout);
}
