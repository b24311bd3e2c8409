#include "probes/sql/driver/driver.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace crmpulse::probes::sql {
namespace {

// Seconds, and how often: below what firewalls and NATs are known to forget after (Azure: four minutes).
constexpr int kKeepAliveIdle = 30;
constexpr int kKeepAliveInterval = 10;
constexpr int kKeepAliveCount = 3;

}  // namespace

Cancel::~Cancel() {
  if (fd_ >= 0) ::close(fd_);
}

void Cancel::request() {
  const std::lock_guard lock{mutex_};
  requested_ = true;
  // The only failure of this write is a counter at its limit, and then the descriptor is readable anyway.
  if (fd_ >= 0) (void)::eventfd_write(fd_, 1);
}

int Cancel::fd() const {
  const std::lock_guard lock{mutex_};
  if (fd_ < 0) fd_ = ::eventfd(requested_ ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd_;
}

Error password_in_url() {
  return Error{"has a password in it; write it with password_file, password_env or password_credential instead"};
}

Duration remaining(const Limits& limits) {
  return std::max(Duration{0}, std::chrono::ceil<Duration>(limits.deadline - std::chrono::steady_clock::now()));
}

Duration server_timeout(const Limits& limits) {
  const Duration left = remaining(limits);
  // A fresh run always asks for the same figure, so that a kept connection need not be told again.
  const Duration base = left * 10 >= limits.statement_timeout * 8 ? limits.statement_timeout : left;
  return std::max(Duration{10}, base - base / 10);
}

Wait wait_for(int fd, short events, const Limits& limits, short* happened) {
  while (true) {
    if (limits.over()) return Wait::expired;
    pollfd waiting[2] = {{fd, events, 0}, {limits.cancel != nullptr ? limits.cancel->fd() : -1, POLLIN, 0}};
    const int ready = ::poll(waiting, 2, static_cast<int>(std::min<std::int64_t>(remaining(limits).count(), 60'000)));
    if (ready > 0 && waiting[0].revents != 0) {
      if (happened != nullptr) *happened = waiting[0].revents;
      return Wait::ready;
    }
    if (ready < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
  }
}

void keep_alive(int socket) {
  const auto set = [&](int level, int option, int value) { ::setsockopt(socket, level, option, &value, sizeof value); };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdle);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveInterval);
  set(IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveCount);
}

}  // namespace crmpulse::probes::sql
