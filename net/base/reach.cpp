#include "net/base/reach.h"

#include <cstdint>
#include <cstring>

#include "core/text/ascii.h"
#include "net/base/sockets.h"

namespace crmpulse::net {
namespace {

Reach reach_of_v4(std::uint32_t address) {
  const auto in = [address](std::uint32_t network, int bits) { return (address ^ network) >> (32 - bits) == 0; };
  if (in(0xa9fe0000, 16)) return Reach::link_local;                                 // 169.254/16
  const bool own = in(0x7f000000, 8) || in(0x00000000, 8);                          // loopback, "this host"
  const bool site = in(0x0a000000, 8) || in(0xac100000, 12) || in(0xc0a80000, 16);  // RFC 1918
  return own || site || in(0x64400000, 10) ? Reach::internal : Reach::open;         // RFC 6598
}

Reach reach_of_v6(const in6_addr& address) {
  const unsigned char* bytes = address.s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    std::uint32_t v4 = 0;
    std::memcpy(&v4, bytes + 12, sizeof v4);
    return reach_of_v4(ntohl(v4));
  }
  if (IN6_IS_ADDR_LINKLOCAL(&address)) return Reach::link_local;
  const bool unique_local = (bytes[0] & 0xfe) == 0xfc;
  return IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_UNSPECIFIED(&address) || unique_local ? Reach::internal
                                                                                             : Reach::open;
}

}  // namespace

Reach reach_of(const std::string& host) {
  std::string name = ascii::lower(host);
  if (name.ends_with('.')) name.pop_back();
  in_addr v4{};
  if (inet_pton(AF_INET, name.c_str(), &v4) == 1) return reach_of_v4(ntohl(v4.s_addr));
  in6_addr v6{};
  if (inet_pton(AF_INET6, name.c_str(), &v6) == 1) return reach_of_v6(v6);
  return name == "localhost" || name.ends_with(".localhost") ? Reach::internal : Reach::open;
}

Reach reach_of(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return reach_of_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    return reach_of_v6(v6.sin6_addr);
  }
  return Reach::internal;
}

bool forbidden(Forbid policy, Reach reach) {
  if (policy == Forbid::nothing || reach == Reach::open) return false;
  return reach == Reach::link_local || policy == Forbid::internal;
}

}  // namespace crmpulse::net
