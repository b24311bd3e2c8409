#include "collector/http/external_url.h"

#include <utility>

#include "net/base/url.h"

namespace crmpulse::collector {

std::string authority_in(std::string_view url) {
  const Result<net::Url> parsed = net::parse_url(std::string{url});
  return parsed ? parsed->authority() : std::string{};
}

std::string base_path(std::string_view url) {
  Result<net::Url> parsed = net::parse_url(std::string{url});
  if (!parsed) return {};
  std::string path = std::move(parsed->path);
  while (path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace crmpulse::collector
