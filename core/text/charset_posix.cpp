#include <iconv.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "core/text/charset.h"

namespace crmpulse {

std::optional<std::string> utf8_from(std::string_view bytes, const char* charset) {
  const iconv_t converter = iconv_open("UTF-8", charset);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): POSIX's own way to say that it failed
  if (converter == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
  std::string out;
  std::array<char, 4096> piece{};
  char* in = const_cast<char*>(bytes.data());  // iconv does not write through it, but its type is not const
  std::size_t left = bytes.size();
  bool whole = false;
  for (bool last = false;;) {
    char* to = piece.data();
    std::size_t room = piece.size();
    const std::size_t code =
        last ? iconv(converter, nullptr, nullptr, &to, &room) : iconv(converter, &in, &left, &to, &room);
    const bool full = code == static_cast<std::size_t>(-1) && errno == E2BIG;
    out.append(piece.data(), piece.size() - room);
    if (full) continue;
    if (code == static_cast<std::size_t>(-1)) break;
    whole = last;
    if (last) break;
    last = true;
  }
  iconv_close(converter);
  return whole ? std::optional{std::move(out)} : std::nullopt;
}

}  // namespace crmpulse
