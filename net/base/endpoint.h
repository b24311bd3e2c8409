#pragma once
#include <string>
#include <string_view>

#include "core/failure/error.h"

namespace crmpulse::net {

/// `127.0.0.1:9460`, `localhost:9460`, `[::1]:9460`, `:9460` (all addresses, as `::`).
struct Endpoint {
  std::string address;
  unsigned short port = 0;
};
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);
/// Returns the address of `[::1]`, anything else as it is.
[[nodiscard]] std::string_view without_brackets(std::string_view host);
[[nodiscard]] bool is_loopback(const Endpoint& endpoint);

}  // namespace crmpulse::net
