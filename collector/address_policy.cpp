#include "collector/address_policy.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <cstring>
#include <string>

namespace crmpulse::collector {
namespace {

enum class Reach { open, internal, link_local };

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

Reach reach_of(const std::string& host) {
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return reach_of_v4(ntohl(v4.s_addr));
  in6_addr v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) return reach_of_v6(v6);
  return host == "localhost" ? Reach::internal : Reach::open;
}

/// `user@host:port` → host.
std::string host_of(std::string_view authority) {
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  if (authority.starts_with('[')) return std::string{authority.substr(1, authority.find(']') - 1)};
  return std::string{authority.substr(0, authority.find(':'))};
}

std::string_view authority_of(std::string_view url) {
  const auto start = url.find("://");
  if (start == std::string_view::npos) return {};
  url.remove_prefix(start + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

}  // namespace

std::string_view origin_of(std::string_view url) {
  const std::string_view authority = authority_of(url);
  if (authority.empty() || authority.find('@') != std::string_view::npos) return "(address)";
  return url.substr(0, static_cast<std::size_t>(authority.data() + authority.size() - url.data()));
}

Result<void> check_address(std::string_view url, std::optional<bool> allow_private) {
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    return Error{"url must begin with http:// or https://"};
  const std::string host = host_of(authority_of(url));
  if (host.empty()) return Error{"url has no host"};
  const Reach reach = reach_of(host);
  if (reach == Reach::link_local && allow_private != true) {
    return Error{"url is a link-local address; write allow_private: true if that is meant"};
  }
  if (reach == Reach::internal && allow_private == false) {
    return Error{"url is a loopback or private address and allow_private is false"};
  }
  return {};
}

}  // namespace crmpulse::collector
