// A server may ask its client for the password in clear, or hide that it can do TLS. None of ours is given away.
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/probes/database_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

const std::string kPassword = "Tr0ub4dor-and-3";

/// Takes one connection after another and plays its lines: after each it waits for the client to say something.
class RogueServer {
 public:
  /// The first line is said at once when `greets`.
  RogueServer(const std::string& address, bool greets, std::vector<std::string> lines)
      : greets_(greets), lines_(std::move(lines)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    ::inet_pton(AF_INET, address.c_str(), &own.sin_addr);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&own), sizeof own) == 0);
    REQUIRE(::listen(listener_, 4) == 0);
    socklen_t size = sizeof own;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&own), &size);
    place_ = address + ":" + std::to_string(ntohs(own.sin_port));
    thread_ = std::thread{[this] { serve(); }};
  }
  ~RogueServer() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] const std::string& place() const { return place_; }
  /// All that clients have sent; to be asked when they have gone.
  [[nodiscard]] std::string heard() const {
    const std::lock_guard lock{mutex_};
    return heard_;
  }

 private:
  bool readable(int socket) const {
    while (!stop_) {
      pollfd waiting{socket, POLLIN, 0};
      if (::poll(&waiting, 1, 20) > 0) return true;
    }
    return false;
  }
  bool hear(int client) {
    std::array<char, 4096> bytes{};
    if (!readable(client)) return false;
    const ssize_t size = ::recv(client, bytes.data(), bytes.size(), 0);
    if (size <= 0) return false;
    const std::lock_guard lock{mutex_};
    heard_.append(bytes.data(), static_cast<std::size_t>(size));
    return true;
  }
  void serve() {
    while (readable(listener_)) {
      const int client = ::accept(listener_, nullptr, nullptr);
      bool there = true;
      for (std::size_t i = 0; i < lines_.size() && there; ++i) {
        if (i > 0 || !greets_) there = hear(client);
        if (there) there = ::send(client, lines_[i].data(), lines_[i].size(), MSG_NOSIGNAL) > 0;
      }
      while (there) there = hear(client);
      ::close(client);
    }
  }

  bool greets_;
  std::vector<std::string> lines_;
  int listener_;
  std::string place_;
  mutable std::mutex mutex_;
  std::string heard_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

/// `R`, its length, 3: the password in clear, please.
const std::string kCleartextRequest = "R\0\0\0\x08\0\0\0\x03"s;
/// MD5 first, with its salt.
const std::string kMd5Request = "R\0\0\0\x0c\0\0\0\x05salt"s;

std::string packet(int number, const std::string& payload) {
  std::string out{static_cast<char>(payload.size()), '\0', '\0', static_cast<char>(number)};
  return out + payload;
}

/// MySQL's handshake, without TLS among what it can.
std::string mysql_greeting() {
  return packet(0, "\x0a"s + "5.7.40\0"s + "\x01\0\0\0"s + "abcdefgh\0"s + "\xff\xf7"s + "\x21"s + "\x02\0"s +
                       "\xff\x81"s + "\x15"s + std::string(10, '\0') + "ijklmnopqrst\0"s + "mysql_native_password\0"s);
}

std::string switch_to(const std::string& plugin) {
  return packet(2, "\xfe"s + plugin + "\0"s + "abcdefghijklmnopqrst\0"s);
}

probes::Reading probe(const std::string& url) {
  probes::Runtime runtime;
  const PasswordFile file{kPassword};
  const auto target = make_target(runtime, recipe_head(url.starts_with("mysql") ? "mysql" : "postgresql"),
                                  "url: '" + url + "'\npassword_file: " + file.path(), 5s);
  return run(*target, "liveness");
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// One of this machine that is not loopback; empty when there is none.
std::string outer_address() {
  ifaddrs* list = nullptr;
  std::string out;
  if (::getifaddrs(&list) != 0) return out;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET || (one->ifa_flags & IFF_LOOPBACK) != 0)
      continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr, text.data(), text.size());
    out = text.data();
  }
  ::freeifaddrs(list);
  return out;
}

}  // namespace

TEST_CASE("a PostgreSQL server that asks for the password in clear does not get it") {
  const std::vector<std::pair<std::string, std::vector<std::string>>> servers{
      {"sslmode=disable", {kCleartextRequest}},
      {"sslmode=prefer", {"N", kCleartextRequest}},
      {"sslmode=disable", {kMd5Request, kCleartextRequest}},
      {"sslmode=disable", {kMd5Request + kCleartextRequest}},
      {"sslmode=disable", {kMd5Request + kCleartextRequest.substr(0, 4), kCleartextRequest.substr(4)}},
  };
  for (const auto& [options, lines] : servers) {
    const RogueServer server{"127.0.0.1", false, lines};
    const auto reading = probe("postgresql://monitor@" + server.place() + "/crm?" + options);
    INFO(options << " " << lines.size() << ": " << (reading.failure ? reading.failure->message : "none"));
    REQUIRE(reading.failure);
    CHECK_FALSE(contains(server.heard(), kPassword));
    CHECK_FALSE(contains(reading.failure->message, kPassword));
  }
  const RogueServer server{"127.0.0.1", false, {kCleartextRequest}};
  const auto reading = probe("postgresql://monitor@" + server.place() + "/crm?sslmode=disable");
  check_failed(reading, "auth/refused");
  CHECK(contains(reading.failure->message, "cleartext_password=allow"));
}

TEST_CASE("a PostgreSQL server that may have the password in clear gets it") {
  const RogueServer server{"127.0.0.1", false, {kCleartextRequest}};
  check_failed(probe("postgresql://monitor@" + server.place() +
                     "/crm?sslmode=disable&cleartext_password=allow&connect_timeout=1"),
               "connect/timeout");
  CHECK(contains(server.heard(), kPassword));
}

TEST_CASE("a MySQL server that asks for the password in clear does not get it") {
  for (const char* plugin : {"mysql_clear_password", "dialog"}) {
    INFO(plugin);
    const RogueServer server{"127.0.0.1", true, {mysql_greeting(), switch_to(plugin)}};
    const auto reading = probe("mysql://monitor@" + server.place() + "/crm");
    check_failed(reading, "auth/refused");
    CHECK_FALSE(contains(server.heard(), kPassword));
    CHECK(contains(reading.failure->message, "cleartext-password=allow"));
  }
}

TEST_CASE("a MySQL server that may have the password in clear gets it, over no TLS only where that is said as well") {
  const RogueServer server{"127.0.0.1", true, {mysql_greeting(), switch_to("mysql_clear_password")}};
  // The server says nothing more: how the run ends is not what matters here.
  CHECK(probe("mysql://monitor@" + server.place() + "/crm?cleartext-password=allow&connect-timeout=1").failure);
  CHECK(contains(server.heard(), kPassword));
  const std::string address = outer_address();
  if (address.empty()) return;
  const RogueServer outer{address, true, {mysql_greeting(), switch_to("mysql_clear_password")}};
  check_failed(probe("mysql://monitor@" + outer.place() + "/crm?cleartext-password=allow&connect-timeout=1"),
               "tls/refused");
  CHECK(outer.heard().empty());
}

TEST_CASE("a MySQL server that hides TLS from a client that wants it hears nothing at all") {
  for (const char* mode : {"required", "verify_ca", "verify_identity"}) {
    INFO(mode);
    const RogueServer server{"127.0.0.1", true, {mysql_greeting(), switch_to("sha256_password"), "\x01"}};
    check_failed(probe("mysql://monitor@" + server.place() + "/crm?ssl-mode="s + mode), "tls/refused");
    CHECK(server.heard().empty());
  }
}

TEST_CASE("beyond this machine TLS is asked for, unless the URL says otherwise") {
  const std::string address = outer_address();
  if (address.empty()) {
    WARN("skipped: this machine has no address but loopback");
    return;
  }
  const RogueServer postgresql{address, false, {"N"}};
  const auto refused = probe("postgresql://monitor@" + postgresql.place() + "/crm");
  check_failed(refused, "tls/refused");
  CHECK(contains(refused.failure->message, "sslmode=disable"));
  CHECK_FALSE(contains(postgresql.heard(), "monitor"));
  (void)probe("postgresql://monitor@" + postgresql.place() + "/crm?sslmode=prefer&connect_timeout=1");
  CHECK(contains(postgresql.heard(), "monitor"));

  const RogueServer mysql{address, true, {mysql_greeting(), switch_to("mysql_clear_password")}};
  const auto without = probe("mysql://monitor@" + mysql.place() + "/crm");
  check_failed(without, "tls/refused");
  CHECK(contains(without.failure->message, "ssl-mode=disabled"));
  CHECK(mysql.heard().empty());

  // Without TLS a key of whoever answers is worth nothing.
  for (const char* plugin : {"sha256_password", "caching_sha2_password"}) {
    INFO(plugin);
    const RogueServer keys{address, true, {mysql_greeting(), switch_to(plugin)}};
    check_failed(probe("mysql://monitor@" + keys.place() + "/crm?ssl-mode=preferred"), "auth/refused");
    CHECK_FALSE(contains(keys.heard(), kPassword));
  }
}
