// mingw's libstdc++ makes a path of a narrow text by way of mbrtowc(), which in the C locale takes every byte for a
// character of Latin-1, whatever the process's code page; and the C library knows no locale of UTF-8 to set. So the
// program brings this function itself, with the two that stand in the library's file beside it, and the linker takes
// them in place of the library's (CMakeLists.txt asks for it by name). Our texts are UTF-8 everywhere.

#include <array>
#include <cerrno>
#include <cstddef>
#include <cwchar>

namespace {

constexpr auto kInvalid = static_cast<std::size_t>(-1);
constexpr auto kIncomplete = static_cast<std::size_t>(-2);
/// In the state: the first half of a pair is out, the second waits for the last byte. With the bits it has so far.
constexpr std::mbstate_t kHalf = 0x10000;

bool is_more(unsigned char byte) {
  return (byte & 0xc0U) == 0x80;
}

/// Bytes of the character that begins so, 0 for none.
std::size_t length_from(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

std::size_t invalid() {
  errno = EILSEQ;
  return kInvalid;
}

}  // namespace

/// A character beyond UTF-16's first plane comes in two calls: three bytes give the first half, the last the second.
extern "C" std::size_t mbrtowc(wchar_t* to, const char* from, std::size_t size, std::mbstate_t* state) {
  static thread_local std::mbstate_t own_state = 0;
  std::mbstate_t& kept = state != nullptr ? *state : own_state;
  wchar_t unused = 0;
  wchar_t& out = to != nullptr ? *to : unused;
  if (from == nullptr) {
    kept = 0;
    return 0;
  }
  if (size == 0) return kIncomplete;
  std::array<unsigned char, 4> bytes{};
  for (std::size_t i = 0; i < bytes.size() && i < size; ++i) bytes[i] = static_cast<unsigned char>(from[i]);
  if (kept != 0) {
    if (!is_more(bytes[0])) return invalid();
    out = static_cast<wchar_t>(0xdc00 | (kept & 0x3c0) | (bytes[0] & 0x3f));
    kept = 0;
    return 1;
  }
  const std::size_t length = length_from(bytes[0]);
  if (length == 0) return invalid();
  if (size < length) return kIncomplete;
  for (std::size_t i = 1; i < length; ++i)
    if (!is_more(bytes[i])) return invalid();
  if (length == 1) {
    out = static_cast<wchar_t>(bytes[0]);
    return bytes[0] != 0 ? 1 : 0;
  }
  unsigned code = length == 2 ? bytes[0] & 0x1fU : length == 3 ? bytes[0] & 0x0fU : bytes[0] & 0x07U;
  for (std::size_t i = 1; i < length; ++i) code = code << 6U | (bytes[i] & 0x3fU);
  if (length < 4) {
    out = static_cast<wchar_t>(code);
    return length;
  }
  if (code < 0x10000 || code > 0x10ffff) return invalid();
  out = static_cast<wchar_t>(0xd800U + ((code - 0x10000U) >> 10U));
  kept = kHalf | static_cast<std::mbstate_t>((bytes[2] & 0x0fU) << 6U);
  return 3;
}

extern "C" std::size_t mbrlen(const char* from, std::size_t size, std::mbstate_t* state) {
  static thread_local std::mbstate_t own_state = 0;
  return mbrtowc(nullptr, from, size, state != nullptr ? state : &own_state);
}

extern "C" std::size_t mbsrtowcs(wchar_t* to, const char** from, std::size_t size, std::mbstate_t* state) {
  static thread_local std::mbstate_t own_state = 0;
  std::mbstate_t& kept = state != nullptr ? *state : own_state;
  const char* at = *from;
  std::size_t made = 0;
  for (; to == nullptr || made < size; ++made) {
    wchar_t unit = 0;
    constexpr std::size_t kLongest = 4;
    std::size_t left = 0;  // never reads beyond the text's end
    while (left < kLongest && at[left] != '\0') ++left;
    const std::size_t length = mbrtowc(&unit, at, left + 1, &kept);
    if (length == kInvalid || length == kIncomplete) return invalid();
    if (to != nullptr) to[made] = unit;
    if (length == 0) {
      if (to != nullptr) *from = nullptr;
      return made;
    }
    at += length;
  }
  *from = at;
  return made;
}
