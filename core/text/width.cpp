#include "core/text/width.h"

#include <algorithm>
#include <array>

#include "core/text/utf8.h"

namespace crmpulse {
namespace {

struct CodeRange {
  char32_t first;
  char32_t last;
};
/// Unicode's wide and full-width characters (UAX #11), as far as a terminal meets them.
constexpr std::array kWide{CodeRange{0x1100, 0x115f},   CodeRange{0x2e80, 0x303e},  CodeRange{0x3041, 0xa4cf},
                           CodeRange{0xac00, 0xd7a3},   CodeRange{0xf900, 0xfaff},  CodeRange{0xfe30, 0xfe6f},
                           CodeRange{0xff00, 0xff60},   CodeRange{0xffe0, 0xffe6},  CodeRange{0x1f300, 0x1f64f},
                           CodeRange{0x1f900, 0x1f9ff}, CodeRange{0x20000, 0x3fffd}};
constexpr std::array kNone{CodeRange{0x0300, 0x036f}, CodeRange{0x200b, 0x200f}, CodeRange{0xfe00, 0xfe0f}};

template <std::size_t N>
bool is_in(const std::array<CodeRange, N>& ranges, char32_t code) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [code](const CodeRange& range) { return code >= range.first && code <= range.last; });
}

int columns_of(char32_t code) {
  if (is_in(kNone, code)) return 0;
  return is_in(kWide, code) ? 2 : 1;
}

/// How many bytes of the text take at most `width` columns, and how many columns those are.
struct Part {
  std::size_t bytes = 0;
  int columns = 0;
};
Part part_within(std::string_view text, int width) {
  Part part;
  while (part.bytes < text.size()) {
    const utf8::Character character = utf8::at(text, part.bytes);
    const int columns = character.length == 0 ? 1 : columns_of(character.code);
    if (part.columns + columns > width) break;
    part.bytes += std::max<std::size_t>(1, character.length);
    part.columns += columns;
  }
  return part;
}

}  // namespace

int display_width(std::string_view text) {
  return part_within(text, static_cast<int>(text.size()) * 2).columns;
}

std::string fit(std::string_view text, int width) {
  const Part part = part_within(text, width);
  return std::string{text.substr(0, part.bytes)}.append(static_cast<std::size_t>(std::max(0, width - part.columns)),
                                                        ' ');
}

std::string shortened(std::string_view text, int width) {
  if (width < 2 || part_within(text, width).bytes == text.size()) return fit(text, width);
  const Part part = part_within(text, width - 1);
  return fit(std::string{text.substr(0, part.bytes)} + "…", width);
}

std::vector<std::string> wrap(std::string_view text, int width) {
  std::vector<std::string> lines;
  const std::size_t indent = std::min(text.find_first_not_of(' '), text.size());
  const std::string margin(indent + 2, ' ');
  std::string line;
  while (display_width(line) + display_width(text) > width) {
    std::size_t length = part_within(text, width - display_width(line)).bytes;
    const bool between_words = length < text.size() && text[length] == ' ';
    const std::size_t blank = text.substr(0, length).rfind(' ');
    if (!between_words && blank != std::string_view::npos && blank > indent) length = blank;
    if (length == 0) break;
    lines.push_back(line + std::string{text.substr(0, length)});
    text.remove_prefix(length);
    while (text.starts_with(' ')) text.remove_prefix(1);
    line = margin;
  }
  lines.push_back(line + std::string{text});
  return lines;
}

}  // namespace crmpulse
