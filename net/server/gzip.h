#pragma once
// The content coding `gzip` (RFC 1952) of answers.

#include <string>
#include <string_view>

namespace crmpulse::net {

/// Returns the text as one gzip member, by zlib's fastest level: about 100 MB a second.
[[nodiscard]] std::string gzip(std::string_view text);

}  // namespace crmpulse::net
