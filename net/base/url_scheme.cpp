#include "net/base/url_scheme.h"

#include <span>

namespace crmpulse::net {

std::string with_lower_scheme(std::string url) {
  // A host without a scheme keeps its letters.
  const std::size_t end = url.find(':');
  if (end == std::string::npos) return url;
  for (char& c : std::span{url}.first(end)) {
    const bool of_scheme =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    if (!of_scheme) return url;
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return url;
}

}  // namespace crmpulse::net
