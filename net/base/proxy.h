#pragma once
// Private to net/: which proxy a request goes through, by its own setting or by the environment, as curl reads it.
// Known here and not left to libcurl, so that a proxy's fault is told of the proxy.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace crmpulse::net {

struct ProxyChoice {
  std::string url;     ///< may hold a user and a password
  std::string origin;  ///< the variable that names it; empty: the request's own setting
};

/// Returns the value of a variable of the environment, empty if it is not set.
using Environment = std::function<std::string(const char* name)>;
[[nodiscard]] std::string process_environment(const char* name);

/// Returns the proxy to use, nullopt for a direct connection. Reads `http_proxy` (lower case only: a CGI's request
/// header would be the other), `https_proxy`, `HTTPS_PROXY`, then `all_proxy`, `ALL_PROXY`; not for hosts of `no_proxy`
/// or `NO_PROXY`.
[[nodiscard]] std::optional<ProxyChoice> proxy_of_environment(bool tls, std::string_view host,
                                                              const Environment& environment);

/// Is the host in a list of no_proxy? `*`, `example.com` (with all below it), `.example.com`, `10.0.0.0/8`, `[::1]`.
[[nodiscard]] bool is_exempt(std::string_view host, std::string_view no_proxy);

}  // namespace crmpulse::net
