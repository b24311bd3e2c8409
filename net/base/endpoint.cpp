#include "net/base/endpoint.h"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <charconv>

namespace asio = boost::asio;

namespace crmpulse::net {
std::string_view without_brackets(std::string_view host) {
  return host.size() > 2 && host.front() == '[' && host.back() == ']' ? host.substr(1, host.size() - 2) : host;
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto wrong = [text](std::string_view why) {
    return Error(
        fmt::format("`{}` is not a listen address ({}); write it as 127.0.0.1:9460, [::1]:9460 or :9460", text, why));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong("the port is missing");
  const std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);

  Endpoint endpoint;
  const auto [end, outcome] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), endpoint.port);
  if (outcome != std::errc{} || end != port_text.data() + port_text.size())
    return wrong("the port is not a number from 0 to 65535");
  if (host.empty())
    endpoint.address = "::";
  else if (host == "localhost")
    endpoint.address = "127.0.0.1";
  else
    endpoint.address = without_brackets(host);

  boost::system::error_code error;
  const auto address = asio::ip::make_address(endpoint.address, error);
  if (error) return wrong("the part before the port is not an IP address");
  if (!host.empty() && address.is_v6() && host.front() != '[') return wrong("an IPv6 address must be in brackets");
  return endpoint;
}

bool is_loopback(const Endpoint& endpoint) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(endpoint.address, error);
  return !error && address.is_loopback();
}

}  // namespace crmpulse::net
