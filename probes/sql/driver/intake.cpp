#include "probes/sql/driver/intake.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <optional>

namespace crmpulse::probes::sql {
namespace {

std::uint64_t waiting_on(int fd) {
  int bytes = 0;
  return ::ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

/// What the program has read of a TCP connection since it was made, encrypted or not; nothing for other sockets.
std::optional<std::uint64_t> read_of(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  if (size < offsetof(tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) return std::nullopt;
  const std::uint64_t received = info.tcpi_bytes_received;
  return received - std::min(received, waiting_on(fd));
}

}  // namespace

void Intake::before_read(int fd) {
  counted_ += waiting_on(fd);
}

void Intake::begin(int fd) {
  start_ = read_of(fd).value_or(counted_);
}

std::uint64_t Intake::size(int fd) const {
  const std::uint64_t now = read_of(fd).value_or(counted_);
  return now - std::min(now, start_);
}

}  // namespace crmpulse::probes::sql
