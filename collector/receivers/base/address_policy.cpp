#include "collector/receivers/base/address_policy.h"

#include <fmt/format.h>

#include <string>

#include "net/base/host_name.h"
#include "net/base/reach.h"

namespace crmpulse::collector {
namespace {

using net::Reach;

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
  if (auto fault = net::host_fault(url)) return Error{*std::move(fault)};
  const Reach reach = net::reach_of(host);
  if (reach == Reach::link_local && allow_private != true) {
    return Error{"url is a link-local address; write allow_private: true if that is meant"};
  }
  if (reach == Reach::internal && allow_private == false) {
    return Error{"url is a loopback or private address and allow_private is false"};
  }
  return {};
}

net::Forbid forbid_by(std::optional<bool> allow_private) {
  if (!allow_private) return net::Forbid::link_local;
  return *allow_private ? net::Forbid::nothing : net::Forbid::internal;
}

}  // namespace crmpulse::collector
