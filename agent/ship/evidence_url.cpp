#include "agent/ship/evidence_url.h"

#include <algorithm>

#include "net/base/url.h"

namespace crmpulse::agent {

std::string evidence_url(const std::string& write_url) {
  Result<net::Url> url = net::parse_url(write_url);
  if (!url) return write_url;
  std::string& path = url->path;
  while (path.ends_with('/')) path.pop_back();
  path.erase(std::min(path.rfind('/'), path.size()));
  return net::with_path(write_url, path + "/evidence");
}

}  // namespace crmpulse::agent
