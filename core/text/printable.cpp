#include "core/text/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "core/text/utf8.h"

namespace crmpulse {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};
/// Unicode's control and format characters, separators of lines, fillers that show nothing, and non-characters. In
/// order.
constexpr std::array kHidden{
    Range{0x00, 0x1f},     Range{0x7f, 0x9f},       Range{0xad, 0xad},       Range{0x34f, 0x34f},
    Range{0x600, 0x605},   Range{0x61c, 0x61c},     Range{0x6dd, 0x6dd},     Range{0x70f, 0x70f},
    Range{0x115f, 0x1160}, Range{0x17b4, 0x17b5},   Range{0x180b, 0x180f},   Range{0x200b, 0x200f},
    Range{0x2028, 0x202e}, Range{0x2060, 0x206f},   Range{0x3164, 0x3164},   Range{0xe000, 0xf8ff},
    Range{0xfdd0, 0xfdef}, Range{0xfeff, 0xfeff},   Range{0xffa0, 0xffa0},   Range{0xfff0, 0xfffb},
    Range{0xfffe, 0xffff}, Range{0x1bca0, 0x1bca3}, Range{0x1d173, 0x1d17a}, Range{0xe0000, 0x10ffff},
};

bool is_hidden(char32_t code) {
  const auto range = std::lower_bound(kHidden.begin(), kHidden.end(), code,
                                      [](const Range& one, char32_t wanted) { return one.last < wanted; });
  return range != kHidden.end() && range->first <= code;
}

void append_escape(std::string& out, char32_t code) {
  const auto unit = [&](char32_t value) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(value));
  };
  if (code <= 0xffff) return unit(code);
  unit(0xd800 + ((code - 0x10000) >> 10));
  unit(0xdc00 + ((code - 0x10000) & 0x3ff));
}

/// Whether the byte alone is a character that can be shown: nearly all text.
bool is_plain(char c) {
  return c >= 0x20 && c < 0x7f;
}

/// Gives pieces that can be shown to `plain`, and the others, as a character or U+FFFD, to `hidden`.
template <class Plain, class Hidden>
void split(std::string_view text, const Plain& plain, const Hidden& hidden) {
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && is_plain(text[end])) ++end;
    if (end > i) plain(text.substr(i, end - i));
    i = end;
    if (i == text.size()) return;
    const utf8::Character character = utf8::at(text, i);
    const std::size_t length = std::max<std::size_t>(1, character.length);
    if (character.length > 0 && !is_hidden(character.code)) {
      plain(text.substr(i, length));
    } else {
      hidden(character.length == 0 ? char32_t{0xfffd} : character.code);
    }
    i += length;
  }
}

}  // namespace

bool is_printable(std::string_view text) {
  bool all = true;
  split(text, [](std::string_view) {}, [&](char32_t) { all = false; });
  return all;
}

void append_printable(std::string& out, std::string_view text) {
  split(text, [&](std::string_view piece) { out += piece; }, [&](char32_t code) { append_escape(out, code); });
}

std::string printable(std::string_view text) {
  std::string out;
  append_printable(out, text);
  return out;
}

std::string printable_name(std::string_view text) {
  std::string out;
  split(text, [&](std::string_view piece) { out += piece; }, [](char32_t) {});
  return out;
}

std::string printable_lines(std::string_view text) {
  std::string out;
  split(
      text, [&](std::string_view piece) { out += piece; },
      [&](char32_t code) {
        if (code == U'\n' || code == U'\t') {
          out += static_cast<char>(code);
        } else {
          append_escape(out, code);
        }
      });
  return out;
}

PrintableOutput::Lines::int_type PrintableOutput::Lines::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  const char one = traits_type::to_char_type(c);
  xsputn(&one, 1);
  return c;
}

std::streamsize PrintableOutput::Lines::xsputn(const char* text, std::streamsize size) {
  line_.append(text, static_cast<std::size_t>(size));
  if (const std::size_t end = line_.rfind('\n'); end != std::string::npos) {
    to_ << printable_lines(std::string_view{line_}.substr(0, end + 1));
    line_.erase(0, end + 1);
  }
  return size;
}

int PrintableOutput::Lines::sync() {
  to_ << printable_lines(line_);
  line_.clear();
  to_.flush();
  return to_.good() ? 0 : -1;
}

}  // namespace crmpulse
