#include "net/certificates/addresses.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace crmpulse::net {

namespace ip = boost::asio::ip;

bool is_ip_address(std::string_view text) {
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string{text}, error);
  return !error && (address.is_v4() || address.to_v6().scope_id() == 0);
}

std::string ip_address_of(std::string_view bytes) {
  ip::address_v4::bytes_type four{};
  if (bytes.size() == four.size()) {
    std::copy(bytes.begin(), bytes.end(), four.begin());
    return ip::address_v4{four}.to_string();
  }
  ip::address_v6::bytes_type sixteen{};
  if (bytes.size() != sixteen.size()) return {};
  std::copy(bytes.begin(), bytes.end(), sixteen.begin());
  return ip::address_v6{sixteen}.to_string();
}

}  // namespace crmpulse::net
