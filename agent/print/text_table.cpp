#include "agent/print/text_table.h"

#include <algorithm>

namespace crmpulse::agent {
namespace {

/// East Asian wide and full-width blocks (Unicode's EastAsianWidth W and F, without the rare ones).
bool is_wide(char32_t c) {
  return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0x303e) || (c >= 0x3041 && c <= 0xa4cf) ||
         (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) ||
         (c >= 0xff00 && c <= 0xff60) || (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) ||
         (c >= 0x20000 && c <= 0x3fffd);
}

/// The character at `at` and its length; a broken byte counts as one character.
std::pair<char32_t, std::size_t> character(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char lead = byte(at);
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  if (size == 1 || at + size > text.size()) return {lead, 1};
  char32_t value = lead & (0xffU >> (size + 1));
  for (std::size_t index = at + 1; index < at + size; ++index) value = (value << 6) | (byte(index) & 0x3fU);
  return {value, size};
}

void append(std::string& line, const std::string& cell, std::size_t width, TextTable::Align align) {
  const std::string padding(width - display_width(cell), ' ');
  line += align == TextTable::Align::left ? cell + padding : padding + cell;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto [value, size] = character(text, at);
    width += is_wide(value) ? 2 : 1;
    at += size;
  }
  return width;
}

std::string TextTable::text(std::string_view indent) const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (widths[i] > 0) widths[i] = std::max(widths[i], display_width(columns_[i].title));
  }
  std::string out;
  const auto line = [&](const auto& cell) {
    std::string text{indent};
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (widths[i] == 0) continue;
      if (text.size() > indent.size()) text += "  ";
      append(text, cell(i), widths[i], columns_[i].align);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  };
  line([&](std::size_t i) { return columns_[i].title; });
  line([&](std::size_t i) { return std::string(widths[i], '-'); });
  for (const auto& row : rows_) line([&](std::size_t i) { return i < row.size() ? row[i] : std::string{}; });
  return out;
}

}  // namespace crmpulse::agent
