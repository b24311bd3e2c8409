#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "net/service/service_notify.h"

namespace crmpulse::net {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{value};
}

std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::uint64_t monotonic_micros() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

}  // namespace

struct ServiceNotify::Impl {
  int socket = -1;
  sockaddr_un address{};
  socklen_t address_size = 0;
  std::optional<Duration> interval;
  std::string last_status;

  void connect(const std::string& path) {
    if (path.size() < 2 || path.size() >= sizeof address.sun_path || (path.front() != '/' && path.front() != '@'))
      return;
    socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (path.front() == '@') address.sun_path[0] = '\0';  // the abstract name space
    address_size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  }

  void send(const std::string& message) const {
    if (socket < 0) return;
    // A manager that does not listen is not a reason to fail: it will restart us if it misses us.
    (void)::sendto(socket, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                   reinterpret_cast<const sockaddr*>(&address), address_size);
  }
};

ServiceNotify::ServiceNotify() : impl_(std::make_unique<Impl>()) {
  impl_->connect(environment("NOTIFY_SOCKET"));
  const auto pid = number(environment("WATCHDOG_PID"));
  const bool meant = !pid || *pid == static_cast<std::uint64_t>(getpid());
  if (const auto micros = number(environment("WATCHDOG_USEC")); micros && *micros > 0 && meant && impl_->socket >= 0) {
    impl_->interval = std::max(Duration{1}, Duration{static_cast<Duration::rep>(*micros / 2000)});
  }
}

ServiceNotify::~ServiceNotify() {
  if (impl_->socket >= 0) ::close(impl_->socket);
}

void ServiceNotify::ready() {
  impl_->send("READY=1");
}
void ServiceNotify::status(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  if (line == impl_->last_status) return;
  impl_->last_status = line;
  impl_->send(fmt::format("STATUS={}", line));
}
void ServiceNotify::reloading() {
  impl_->send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_micros()));
}
void ServiceNotify::stopping() {
  impl_->send("STOPPING=1");
}
void ServiceNotify::alive() {
  impl_->send("WATCHDOG=1");
}
void ServiceNotify::busy() {
  // Half a minute more from now on, as long as it goes on saying so.
  impl_->send("WATCHDOG=1\nEXTEND_TIMEOUT_USEC=30000000");
}
std::optional<Duration> ServiceNotify::alive_interval() const {
  return impl_->interval;
}

}  // namespace crmpulse::net
