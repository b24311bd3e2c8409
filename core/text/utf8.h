#pragma once
// UTF-8 as table 3-7 of the Unicode standard has it: no overlong forms, no surrogates, nothing above U+10FFFF. The one
// decoder of the house: what one part lets through, no other may refuse.

#include <cstddef>
#include <string>
#include <string_view>

namespace crmpulse::utf8 {

/// The character that starts at `at`, which lies in the text; `length` 0: no valid sequence does.
struct Character {
  char32_t code = 0;
  std::size_t length = 0;
};
[[nodiscard]] Character at(std::string_view text, std::size_t at);
[[nodiscard]] bool is_valid(std::string_view text);

/// Is the byte within a character, and not its first one?
[[nodiscard]] constexpr bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}
/// How many bytes of a valid text, at most `most`, end with a whole character.
[[nodiscard]] std::size_t whole(std::string_view text, std::size_t most);
/// `code` is a character: neither a surrogate nor above U+10FFFF.
void append(std::string& out, char32_t code);

}  // namespace crmpulse::utf8
