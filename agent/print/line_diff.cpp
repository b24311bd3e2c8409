#include "agent/print/line_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace crmpulse::agent {
namespace {

constexpr std::size_t kAround = 3;

/// Without their ends.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void append(std::string& out, char mark, const std::vector<std::string_view>& lines, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) out += fmt::format("{}{}\n", mark, lines[i]);
}

}  // namespace

std::string line_diff(std::string_view before, std::string_view after, std::string_view file) {
  const std::vector<std::string_view> old_lines = lines_of(before);
  const std::vector<std::string_view> new_lines = lines_of(after);
  const std::size_t shorter = std::min(old_lines.size(), new_lines.size());
  std::size_t same = 0;
  while (same < shorter && old_lines[same] == new_lines[same]) ++same;
  std::size_t tail = 0;
  while (tail < shorter - same && old_lines[old_lines.size() - 1 - tail] == new_lines[new_lines.size() - 1 - tail])
    ++tail;
  const std::size_t old_end = old_lines.size() - tail;
  const std::size_t new_end = new_lines.size() - tail;
  if (same == old_end && same == new_end) return {};
  const std::size_t begin = same - std::min(same, kAround);
  const std::size_t behind = std::min(tail, kAround);
  const auto range = [&](std::size_t end) {
    const std::size_t count = end + behind - begin;
    return fmt::format("{},{}", begin + (count > 0 ? 1 : 0), count);
  };
  std::string out = fmt::format("--- {0}\n+++ {0}\n@@ -{1} +{2} @@\n", file, range(old_end), range(new_end));
  append(out, ' ', new_lines, begin, same);
  append(out, '-', old_lines, same, old_end);
  append(out, '+', new_lines, same, new_end);
  append(out, ' ', new_lines, new_end, new_end + behind);
  return out;
}

}  // namespace crmpulse::agent
