#include <resolv.h>

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

void trust_system(CURL*) {
  // The distribution's libcurl does; to say so would keep it from sharing them between connections.
}

Duration name_server_patience() {
  struct __res_state settings{};
  if (res_ninit(&settings) != 0) return std::chrono::seconds{5};
  const Duration patience{std::chrono::seconds{settings.retrans}};
  res_nclose(&settings);
  return patience;
}

}  // namespace crmpulse::net
