#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "collector/service.h"

namespace crmpulse::collector {

Service::Service() {
  if (const char* socket = std::getenv("NOTIFY_SOCKET")) socket_ = socket;
  watched_ = std::getenv("WATCHDOG_USEC") != nullptr;
}

void Service::ready() {
  send("READY=1");
}

void Service::reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000 + now.tv_nsec / 1000));
}

void Service::stopping() {
  send("STOPPING=1");
}

void Service::alive() {
  if (watched_) send("WATCHDOG=1");
}

void Service::status(std::string_view text) {
  if (text == last_status_) return;
  last_status_ = text;
  send(fmt::format("STATUS={}", text));
}

void Service::send(const std::string& message) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // abstract name
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  // Nothing depends on it: a full socket only means that the manager is slow.
  [[maybe_unused]] const ssize_t sent = ::sendto(descriptor, message.data(), message.size(), MSG_NOSIGNAL,
                                                 reinterpret_cast<const sockaddr*>(&address), length);
  ::close(descriptor);
}

}  // namespace crmpulse::collector
