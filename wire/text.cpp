#include "wire/text.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace crmpulse::wire {
namespace {

enum : unsigned char { kLetter = 1, kDigit = 2, kColon = 4 };

constexpr std::array<unsigned char, 256> classes() {
  std::array<unsigned char, 256> table{};
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = kLetter;
  for (unsigned c = 'A'; c <= 'Z'; ++c) table[c] = kLetter;
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = kDigit;
  table['_'] = kLetter;
  table[':'] = kColon;
  return table;
}
constexpr std::array<unsigned char, 256> kClasses = classes();

bool is_name(std::string_view name, unsigned char first, unsigned char rest) {
  if (name.empty() || (kClasses[static_cast<unsigned char>(name.front())] & first) == 0) return false;
  for (const char c : name) {
    if ((kClasses[static_cast<unsigned char>(c)] & rest) == 0) return false;
  }
  return true;
}

/// Returns the length of the well-formed sequence at `text`, 0 if it is not well-formed.
std::size_t sequence(const unsigned char* text, std::size_t left) {
  const unsigned char lead = text[0];
  if (lead < 0x80) return 1;
  const auto continues = [&](std::size_t i) { return (text[i] & 0xc0) == 0x80; };
  if (lead >= 0xc2 && lead <= 0xdf) return left >= 2 && continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (left < 3 || !continues(1) || !continues(2)) return 0;
    const bool overlong = lead == 0xe0 && text[1] < 0xa0;
    const bool surrogate = lead == 0xed && text[1] > 0x9f;
    return overlong || surrogate ? 0 : 3;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (left < 4 || !continues(1) || !continues(2) || !continues(3)) return 0;
    const bool overlong = lead == 0xf0 && text[1] < 0x90;
    const bool beyond = lead == 0xf4 && text[1] > 0x8f;
    return overlong || beyond ? 0 : 4;
  }
  return 0;
}

}  // namespace

bool is_label_name(std::string_view name) {
  return is_name(name, kLetter, kLetter | kDigit);
}
bool is_metric_name(std::string_view name) {
  return is_name(name, kLetter | kColon, kLetter | kDigit | kColon);
}

bool is_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t left = text.size();
  while (left > 0) {
    // Nearly everything is ASCII: eight bytes at a time.
    std::uint64_t word = 0;
    while (left >= sizeof word) {
      std::memcpy(&word, at, sizeof word);
      if ((word & 0x8080808080808080U) != 0) break;
      at += sizeof word;
      left -= sizeof word;
    }
    if (left == 0) break;
    const std::size_t length = sequence(at, left);
    if (length == 0) return false;
    at += length;
    left -= length;
  }
  return true;
}

}  // namespace crmpulse::wire
