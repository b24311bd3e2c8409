#include "net/server/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <new>

namespace crmpulse::net {
namespace {

constexpr int kWindowAsGzip = 15 + 16;     ///< zlib.h: 16 more asks for gzip's header and trailer
constexpr int kWindowAlone = -15;          ///< zlib.h: below zero, without header and trailer
constexpr int kMemoryLevel = 8;            ///< zlib's default
constexpr std::size_t kPiece = 1UL << 20;  ///< zlib counts in `unsigned`

class Deflater {
 public:
  explicit Deflater(int window) {
    if (deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, window, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  /// `flush`: Z_NO_FLUSH while more follows.
  void append(std::string_view piece, int flush, std::string& out) {
    // zlib does not write through it, but its type is not const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
    stream_.avail_in = static_cast<uInt>(piece.size());
    do {
      const std::size_t before = out.size();
      out.resize(before + std::max<std::size_t>(piece.size() / 8, 256));
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      stream_.avail_out = static_cast<uInt>(out.size() - before);
      (void)deflate(&stream_, flush);
      out.resize(out.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

 private:
  z_stream stream_{};
};

std::string deflated(std::string_view text, int window, int last) {
  Deflater deflater(window);
  std::string out;
  for (;;) {
    const std::string_view piece = text.substr(0, kPiece);
    text.remove_prefix(piece.size());
    deflater.append(piece, text.empty() ? last : Z_NO_FLUSH, out);
    if (text.empty()) break;
  }
  out.shrink_to_fit();
  return out;
}

}  // namespace

std::string gzip(std::string_view text) {
  return deflated(text, kWindowAsGzip, Z_FINISH);
}

std::string gzip_stream_head() {
  // RFC 1952, 2.3: magic, deflate, no flags, no time, no extra flags, an unknown system.
  return std::string{"\x1f\x8b\x08\0\0\0\0\0\0\xff", 10};
}

std::string gzip_stream_piece(std::string_view text) {
  return deflated(text, kWindowAlone, Z_SYNC_FLUSH);
}

}  // namespace crmpulse::net
