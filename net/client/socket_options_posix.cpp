#include "net/base/sockets.h"
#include "net/client/socket_options.h"

namespace crmpulse::net {

curl_socket_t open_socket(const curl_sockaddr& address) {
  return ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
}

void give_up_unacknowledged(curl_socket_t socket, Duration after) {
  const auto milliseconds = static_cast<unsigned>(after.count());
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
}

}  // namespace crmpulse::net
