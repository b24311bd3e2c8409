#include "net/base/url_scheme.h"

#include <span>

#include "core/text/ascii.h"

namespace crmpulse::net {

std::string with_lower_scheme(std::string url) {
  // A host without a scheme keeps its letters.
  const std::size_t end = url.find(':');
  if (end == std::string::npos) return url;
  for (char& c : std::span{url}.first(end)) {
    const bool of_scheme = ascii::is_letter(c) || ascii::is_digit(c) || c == '+' || c == '-' || c == '.';
    if (!of_scheme) return url;
    c = ascii::lower(c);
  }
  return url;
}

}  // namespace crmpulse::net
