#include "agent/ship/evidence_url.h"

#include "net/base/url.h"

namespace crmpulse::agent {

std::string evidence_url(const std::string& write_url) {
  const Result<net::Url> url = net::parse_url(write_url);
  if (!url) return write_url;
  const bool folder = url->path.size() > 1 && url->path.ends_with('/');
  const std::string beside = (folder ? "../evidence" : "evidence") + (url->query.empty() ? "" : "?" + url->query);
  return net::resolve_url(write_url, beside).value();
}

}  // namespace crmpulse::agent
