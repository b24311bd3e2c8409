#include "net/server/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <new>

namespace crmpulse::net {
namespace {

constexpr int kWindowAsGzip = 15 + 16;     ///< zlib.h: 16 more asks for gzip's header and trailer
constexpr int kMemoryLevel = 8;            ///< zlib's default
constexpr std::size_t kPiece = 1UL << 20;  ///< zlib counts in `unsigned`

class Deflater {
 public:
  Deflater() {
    if (deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, kWindowAsGzip, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  void append(std::string_view piece, bool last, std::string& out) {
    // zlib does not write through it, but its type is not const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
    stream_.avail_in = static_cast<uInt>(piece.size());
    do {
      const std::size_t before = out.size();
      out.resize(before + std::max<std::size_t>(piece.size() / 8, 256));
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      stream_.avail_out = static_cast<uInt>(out.size() - before);
      (void)deflate(&stream_, last ? Z_FINISH : Z_NO_FLUSH);
      out.resize(out.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

 private:
  z_stream stream_{};
};

}  // namespace

std::string gzip(std::string_view text) {
  Deflater deflater;
  std::string out;
  for (;;) {
    const std::string_view piece = text.substr(0, kPiece);
    text.remove_prefix(piece.size());
    deflater.append(piece, text.empty(), out);
    if (text.empty()) break;
  }
  out.shrink_to_fit();
  return out;
}

}  // namespace crmpulse::net
