#pragma once
// Private to net/certificates: IP addresses as certificates hold them. Apart from OpenSSL, whose headers and Asio's do
// not get on with each other on Windows.

#include <string>
#include <string_view>

namespace crmpulse::net {

[[nodiscard]] bool is_ip_address(std::string_view text);
/// Returns the address of 4 or 16 bytes as text, empty for other lengths.
[[nodiscard]] std::string ip_address_of(std::string_view bytes);

}  // namespace crmpulse::net
