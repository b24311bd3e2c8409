#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "probes/sql/driver/driver.h"
#include "probes/sql/driver/sockets.h"

namespace crmpulse::probes::sql {
namespace {

// Seconds, and how often: below what firewalls and NATs are known to forget after (Azure: four minutes).
constexpr int kKeepAliveIdle = 30;
constexpr int kKeepAliveInterval = 10;
constexpr int kKeepAliveCount = 3;

}  // namespace

Cancel::~Cancel() {
  if (waitable_ != kNone) ::close(static_cast<int>(waitable_));
}

void Cancel::request() {
  const std::lock_guard lock{mutex_};
  requested_ = true;
  // The only failure of this write is a counter at its limit, and then the descriptor is readable anyway.
  if (waitable_ != kNone) (void)::eventfd_write(static_cast<int>(waitable_), 1);
}

std::intptr_t Cancel::waitable() const {
  const std::lock_guard lock{mutex_};
  if (waitable_ == kNone) waitable_ = ::eventfd(requested_ ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (waitable_ == kNone) throw std::system_error(errno, std::generic_category(), "eventfd");
  return waitable_;
}

int descriptor_of(const Cancel* cancel) {
  return cancel != nullptr ? static_cast<int>(cancel->waitable()) : -1;
}

Wait wait_for(int fd, short events, const Limits& limits, short* happened) {
  while (true) {
    if (limits.over()) return Wait::expired;
    pollfd waiting[2] = {{fd, events, 0}, {descriptor_of(limits.cancel), POLLIN, 0}};
    const int ready = ::poll(waiting, 2, static_cast<int>(std::min<std::int64_t>(remaining(limits).count(), 60'000)));
    if (ready > 0 && waiting[0].revents != 0) {
      if (happened != nullptr) *happened = waiting[0].revents;
      return Wait::ready;
    }
    if (ready < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
  }
}

Wait wait_for(const Cancel& what, const Limits& limits) {
  return what.requested() ? Wait::ready : wait_for(descriptor_of(&what), POLLIN, limits);
}

void keep_alive(int socket) {
  const auto set = [&](int level, int option, int value) { ::setsockopt(socket, level, option, &value, sizeof value); };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdle);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveInterval);
  set(IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveCount);
}

}  // namespace crmpulse::probes::sql
