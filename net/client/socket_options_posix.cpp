#include <resolv.h>

#include <array>
#include <string>

#include "net/base/sockets.h"
#include "net/client/authority_file.h"
#include "net/client/socket_options.h"

namespace crmpulse::net {

curl_socket_t open_socket(const curl_sockaddr& address) {
  return ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
}

void give_up_unacknowledged(curl_socket_t socket, Duration after) {
  const auto milliseconds = static_cast<unsigned>(after.count());
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
}

void trust_system(CURL* transfer) {
  // The distribution's libcurl knows the file, and to say so would keep it from sharing them between connections. One
  // that is a part of the program runs on other distributions too.
  static constexpr std::array kPlaces{"/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch
                                      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, Red Hat
                                      "/etc/ssl/ca-bundle.pem"};                            // SUSE
  static const std::string elsewhere = authority_file(curl_version_info(CURLVERSION_NOW)->cainfo, kPlaces);
  if (!elsewhere.empty()) curl_easy_setopt(transfer, CURLOPT_CAINFO, elsewhere.c_str());
}

Duration name_server_patience() {
  struct __res_state settings{};
  if (res_ninit(&settings) != 0) return std::chrono::seconds{5};
  const Duration patience{std::chrono::seconds{settings.retrans}};
  res_nclose(&settings);
  return patience;
}

}  // namespace crmpulse::net
