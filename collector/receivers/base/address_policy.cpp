#include "collector/receivers/base/address_policy.h"

#include "net/base/endpoint.h"
#include "net/base/url.h"

namespace crmpulse::collector {

using net::Reach;

Result<void> check_address(const std::string& text, std::optional<bool> allow_private) {
  const Result<net::Url> url = net::parse_url(text);
  if (!url) return url.error();
  const Reach reach = net::reach_of(std::string{net::without_brackets(url->host)});
  if (reach == Reach::link_local && allow_private != true)
    return Error{"is a link-local address; write allow_private: true if that is meant"};
  if (reach == Reach::internal && allow_private == false)
    return Error{"is a loopback or private address and allow_private is false"};
  return {};
}

net::Forbid forbid_by(std::optional<bool> allow_private) {
  if (!allow_private) return net::Forbid::link_local;
  return *allow_private ? net::Forbid::nothing : net::Forbid::internal;
}

}  // namespace crmpulse::collector
