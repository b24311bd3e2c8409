#include "net/client/content_encoding.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <utility>
#include <vector>

#include "core/text/ascii.h"

namespace crmpulse::net {
namespace {

constexpr int kAsGzip = 15 + 16;  ///< zlib.h: 16 more asks for gzip's header and trailer
constexpr int kAsZlib = 15;
constexpr int kBare = -15;  ///< deflate alone
constexpr std::size_t kFirstPiece = 16UL * 1024;
constexpr std::size_t kMostCodings = 5;  ///< libcurl's bound
constexpr std::size_t kChecksumBytes = 4;

class Inflater {
 public:
  explicit Inflater(int window) {
    if (inflateInit2(&stream_, window) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Decodes one stream, appends to `out`, and takes what it used from `in`.
  std::optional<DecodingFault> append(std::string_view& in, std::size_t most, std::string& out) {
    if (in.size() > std::numeric_limits<uInt>::max()) return DecodingFault::too_large;
    // zlib does not write through it, but its type is not const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    for (;;) {
      const std::size_t before = out.size();
      // One byte more than is allowed tells a text that ends there from a longer one.
      const std::size_t piece = std::min(std::max(before, kFirstPiece), most - before + 1);
      out.resize(before + piece);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      stream_.avail_out = static_cast<uInt>(piece);
      const int code = inflate(&stream_, Z_NO_FLUSH);
      out.resize(out.size() - stream_.avail_out);
      if (out.size() > most) return DecodingFault::too_large;
      if (code == Z_STREAM_END) break;
      if (code == Z_MEM_ERROR) throw std::bad_alloc();
      if (code != Z_OK && code != Z_BUF_ERROR) return DecodingFault::damaged;
      if (stream_.avail_in == 0 && stream_.avail_out != 0) return DecodingFault::cut_off;
    }
    in.remove_prefix(in.size() - stream_.avail_in);
    return std::nullopt;
  }

 private:
  z_stream stream_{};
};

/// One member or several (RFC 1952 2.2), and nothing behind them.
std::optional<DecodingFault> undo_gzip(std::string_view in, std::size_t most, std::string& out) {
  while (!in.empty()) {
    if (const auto fault = Inflater{kAsGzip}.append(in, most, out)) return fault;
  }
  return std::nullopt;
}

/// As the standard has it, inside zlib's format; many servers send it bare, some of them with the checksum all the
/// same.
std::optional<DecodingFault> undo_deflate(std::string_view in, std::size_t most, std::string& out) {
  const std::string_view whole = in;
  auto fault = Inflater{kAsZlib}.append(in, most, out);
  std::size_t may_be_left = 0;
  if (fault == DecodingFault::damaged) {
    in = whole;
    out.clear();
    fault = Inflater{kBare}.append(in, most, out);
    may_be_left = kChecksumBytes;
  }
  if (!fault && in.size() > may_be_left) return DecodingFault::damaged;
  return fault;
}

std::vector<std::string> names_in(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    std::string name = ascii::lower(list.substr(0, end));
    std::erase_if(name, [](char c) { return c == ' ' || c == '\t'; });
    if (!name.empty() && name != "identity") out.push_back(std::move(name));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return out;
}

}  // namespace

std::optional<DecodingFault> decode_content(std::string_view encodings, std::size_t most, std::string& body) {
  if (body.empty()) return std::nullopt;
  std::vector<std::string> names = names_in(encodings);
  if (names.size() > kMostCodings) return DecodingFault::unknown;
  for (; !names.empty(); names.pop_back()) {
    const std::string& name = names.back();
    const bool gzip = name == "gzip" || name == "x-gzip";
    if (!gzip && name != "deflate") return DecodingFault::unknown;
    std::string decoded;
    if (const auto fault = gzip ? undo_gzip(body, most, decoded) : undo_deflate(body, most, decoded)) return fault;
    body = std::move(decoded);
  }
  return std::nullopt;
}

}  // namespace crmpulse::net
