#include "collector/setup/machine_names.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/if.h>
#include <netdb.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "net/certificates/authority.h"

namespace crmpulse::collector {
namespace {

struct Freed {
  void operator()(addrinfo* found) const { ::freeaddrinfo(found); }
  void operator()(ifaddrs* found) const { ::freeifaddrs(found); }
};

void add(std::vector<std::string>& names, std::string name) {
  if (name == "localhost" || !net::check_certificate_name(name)) return;
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
}

std::string whole_name(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_flags = AI_CANONNAME;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) return {};
  const std::unique_ptr<addrinfo, Freed> owned{found};
  return found->ai_canonname == nullptr ? std::string{} : std::string{found->ai_canonname};
}

/// Empty if it is of no use from elsewhere.
std::string address_of(const ifaddrs& one) {
  if (one.ifa_addr == nullptr || (one.ifa_flags & IFF_UP) == 0 || (one.ifa_flags & IFF_LOOPBACK) != 0) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (one.ifa_addr->sa_family == AF_INET) {
    const auto& four = *reinterpret_cast<const sockaddr_in*>(one.ifa_addr);
    return ::inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size()) == nullptr ? "" : text.data();
  }
  if (one.ifa_addr->sa_family != AF_INET6) return {};
  const auto& six = *reinterpret_cast<const sockaddr_in6*>(one.ifa_addr);
  if (IN6_IS_ADDR_LINKLOCAL(&six.sin6_addr)) return {};
  return ::inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size()) == nullptr ? "" : text.data();
}

}  // namespace

std::vector<std::string> machine_names() {
  std::vector<std::string> names;
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0 && host.front() != '\0') {
    const std::string whole = whole_name(host.data());
    if (whole.find('.') != std::string::npos) add(names, whole);  // other machines know it rather than the short one
    add(names, host.data());
  }
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return names;
  const std::unique_ptr<ifaddrs, Freed> owned{found};
  for (const ifaddrs* one = found; one != nullptr; one = one->ifa_next) add(names, address_of(*one));
  return names;
}

}  // namespace crmpulse::collector
