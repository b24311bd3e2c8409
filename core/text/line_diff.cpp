#include "core/text/line_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace crmpulse {
namespace {

constexpr std::size_t kAround = 3;

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

struct Step {
  char kind;  ///< ' ', '-' or '+'
  std::string_view line;
  std::size_t number;  ///< 1-based, in the text after the change
};

/// By the longest common subsequence of what stands between the same beginning and the same end.
std::vector<Step> steps_between(const std::vector<std::string_view>& before,
                                const std::vector<std::string_view>& after) {
  const auto same = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
  const auto first = static_cast<std::size_t>(same.first - before.begin());
  std::size_t tail = 0;
  while (tail < before.size() - first && tail < after.size() - first &&
         before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
    ++tail;
  const std::size_t rows = before.size() - first - tail;
  const std::size_t columns = after.size() - first - tail;
  std::vector<std::vector<std::size_t>> common(rows + 1, std::vector<std::size_t>(columns + 1, 0));
  for (std::size_t i = rows; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      common[i][j] = before[first + i] == after[first + j] ? common[i + 1][j + 1] + 1
                                                           : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::vector<Step> steps;
  for (std::size_t k = 0; k < first; ++k) steps.push_back({' ', after[k], k + 1});
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < rows || j < columns) {
    const bool both = i < rows && j < columns && before[first + i] == after[first + j];
    const bool goes = !both && i < rows && (j == columns || common[i + 1][j] >= common[i][j + 1]);
    steps.push_back({both ? ' ' : goes ? '-' : '+', goes ? before[first + i] : after[first + j], first + j + 1});
    i += both || goes ? 1 : 0;
    j += goes ? 0 : 1;
  }
  for (std::size_t k = after.size() - tail; k < after.size(); ++k) steps.push_back({' ', after[k], k + 1});
  return steps;
}

}  // namespace

std::string line_diff(std::string_view before, std::string_view after) {
  const std::vector<std::string_view> old_lines = lines_of(before);
  const std::vector<std::string_view> new_lines = lines_of(after);
  const std::vector<Step> steps = steps_between(old_lines, new_lines);
  std::vector<bool> shown(steps.size(), false);
  for (std::size_t at = 0; at < steps.size(); ++at) {
    if (steps[at].kind == ' ') continue;
    const std::size_t from = at > kAround ? at - kAround : 0;
    for (std::size_t k = from; k <= std::min(at + kAround, steps.size() - 1); ++k) shown[k] = true;
  }
  std::string out;
  for (std::size_t at = 0; at < steps.size(); ++at) {
    if (!shown[at]) continue;
    if (at == 0 || !shown[at - 1]) out += fmt::format("@@ {} @@\n", steps[at].number);
    out += fmt::format("{}{}\n", steps[at].kind, steps[at].line);
  }
  return out;
}

}  // namespace crmpulse
