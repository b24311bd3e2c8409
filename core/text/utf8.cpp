#include "core/text/utf8.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace crmpulse::utf8 {

Character at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xc2 && lead < 0xe0   ? 2
                             : (lead & 0xf0) == 0xe0       ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  if (length == 0 || length > text.size() - at) return {};
  char32_t code = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text[at + i])) return {};
    code = (code << 6) | (byte(at + i) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xd800 && code < 0xe000;
  if (code < kLeast[length] || is_surrogate || code > 0x10ffff) return {};
  return {code, length};
}

bool is_valid(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    // Nearly everything is ASCII: eight bytes at a time.
    std::uint64_t word = 0;
    while (text.size() - i >= sizeof word) {
      std::memcpy(&word, text.data() + i, sizeof word);
      if ((word & 0x8080808080808080U) != 0) break;
      i += sizeof word;
    }
    if (i == text.size()) break;
    const std::size_t length = at(text, i).length;
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::size_t whole(std::string_view text, std::size_t most) {
  if (most >= text.size()) return text.size();
  while (most > 0 && continues(text[most])) --most;
  return most;
}

void append(std::string& out, char32_t code) {
  const auto more = [&](unsigned shift) { out += static_cast<char>(0x80U | ((code >> shift) & 0x3fU)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0U | (code >> 6U));
    more(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0U | (code >> 12U));
    more(6);
    more(0);
  } else {
    out += static_cast<char>(0xf0U | (code >> 18U));
    more(12);
    more(6);
    more(0);
  }
}

}  // namespace crmpulse::utf8
