#pragma once
// Private to net/: the content codings of answers (RFC 9110 8.4). libcurl's own decoding takes a body that is cut off
// for a whole one, and knows no gzip of several members.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace crmpulse::net {

/// What Accept-Encoding says.
inline constexpr std::string_view kDecodableEncodings = "gzip, deflate";

enum class DecodingFault {
  unknown,    ///< a coding that we do not know, or too many of them
  damaged,    ///< the bytes are not what they are said to be
  cut_off,    ///< they end before the coding does
  too_large,  ///< decoded, more than allowed
};

/// Replaces the body by what it is an encoding of, at most `most` bytes. `encodings`: the value of Content-Encoding,
/// the last one is undone first. An empty body stays one.
[[nodiscard]] std::optional<DecodingFault> decode_content(std::string_view encodings, std::size_t most,
                                                          std::string& body);

}  // namespace crmpulse::net
