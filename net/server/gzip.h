#pragma once
// The content coding `gzip` (RFC 1952) of answers.

#include <string>
#include <string_view>

namespace crmpulse::net {

/// Returns the text as one gzip member, by zlib's fastest level: about 100 MB a second.
[[nodiscard]] std::string gzip(std::string_view text);

/// What a gzip member of unknown length begins with. Pieces follow, each of which a client can read as it arrives. It
/// has no end: the connection's is.
[[nodiscard]] std::string gzip_stream_head();
/// Returns a piece of such a member. It refers to nothing before it, so one piece serves all clients, wherever each of
/// them began.
[[nodiscard]] std::string gzip_stream_piece(std::string_view text);

}  // namespace crmpulse::net
