#include "net/base/proxy.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <cstdlib>

#include "core/text/ascii.h"
#include "net/base/endpoint.h"

namespace crmpulse::net {
namespace {

namespace ip = boost::asio::ip;

bool is_within(std::string_view host, std::string_view network) {
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string{host}, error);
  if (error) return false;
  if (address.is_v4()) {
    const ip::network_v4 wanted = ip::make_network_v4(std::string{network}, error);
    return !error && wanted.canonical() == ip::network_v4(address.to_v4(), wanted.prefix_length()).canonical();
  }
  const ip::network_v6 wanted = ip::make_network_v6(std::string{network}, error);
  return !error && wanted.canonical() == ip::network_v6(address.to_v6(), wanted.prefix_length()).canonical();
}

bool matches(const std::string& host, std::string_view entry) {
  if (entry == "*") return true;
  if (entry.find('/') != std::string_view::npos) return is_within(host, entry);
  entry = without_brackets(entry);
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.ends_with('.')) entry.remove_suffix(1);
  if (entry.empty() || !host.ends_with(entry)) return false;
  return host.size() == entry.size() || host[host.size() - entry.size() - 1] == '.';
}

}  // namespace

std::string process_environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{value};
}

bool is_exempt(std::string_view host, std::string_view no_proxy) {
  std::string name = ascii::lower(without_brackets(host));
  if (name.ends_with('.')) name.pop_back();
  while (!no_proxy.empty()) {
    const std::size_t end = std::min(no_proxy.find_first_of(", \t"), no_proxy.size());
    if (end > 0 && matches(name, ascii::lower(no_proxy.substr(0, end)))) return true;
    no_proxy.remove_prefix(std::min(end + 1, no_proxy.size()));
  }
  return false;
}

std::optional<ProxyChoice> proxy_of_environment(bool tls, std::string_view host, const Environment& environment) {
  std::string exempt = environment("no_proxy");
  if (exempt.empty()) exempt = environment("NO_PROXY");
  if (is_exempt(host, exempt)) return std::nullopt;
  const auto first = [&](std::initializer_list<const char*> names) -> std::optional<ProxyChoice> {
    for (const char* const name : names) {
      if (std::string url = environment(name); !url.empty()) return ProxyChoice{std::move(url), name};
    }
    return std::nullopt;
  };
  return tls ? first({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
             : first({"http_proxy", "all_proxy", "ALL_PROXY"});
}

}  // namespace crmpulse::net
