#pragma once
// Sets of IP addresses, and what counts as one client.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"

namespace crmpulse::net {

/// Single addresses and networks: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`. IPv4 in IPv6 is IPv4.
class Networks {
 public:
  /// `text` as above; the error says what is wrong with it. Host bits behind the prefix are an error.
  [[nodiscard]] Result<void> add(std::string_view text);
  /// Returns false for a text that is not an address.
  [[nodiscard]] bool contains(std::string_view address) const;
  /// 127.0.0.0/8 and ::1.
  [[nodiscard]] static Networks loopback();

 private:
  struct Network {
    std::array<unsigned char, 16> bytes;  ///< IPv4 as ::ffff:…
    int bits;
  };
  std::vector<Network> networks_;
};

/// Who has the address: IPv4 one machine, IPv6 a /64, which one machine has for itself.
[[nodiscard]] std::string client_of(std::string_view address);

/// Is it 127.0.0.0/8, ::1 or `localhost`?
[[nodiscard]] bool is_loopback_host(std::string_view host);

}  // namespace crmpulse::net
