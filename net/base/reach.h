#pragma once
// How far an address reaches: may a request that a configuration names go there?

#include <string>

struct sockaddr;

namespace crmpulse::net {

enum class Reach {
  open,
  internal,   ///< this machine, private networks (RFC 1918, RFC 6598, fc00::/7)
  link_local  ///< 169.254/16, fe80::/10: where clouds keep their metadata services
};

/// A literal address, or `localhost` and what stands below it, which every resolver answers with this machine (RFC
/// 6761); names that must be looked up first are `open` here.
[[nodiscard]] Reach reach_of(const std::string& host);
/// A socket's address; what is neither IPv4 nor IPv6 is internal.
[[nodiscard]] Reach reach_of(const sockaddr& address);

/// What a request refuses to connect to, whatever its name resolved to.
enum class Forbid { nothing, link_local, internal };  ///< `internal`: link-local too
[[nodiscard]] bool forbidden(Forbid policy, Reach reach);

}  // namespace crmpulse::net
