#include "config/suggest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace crmpulse::config {
namespace {

constexpr std::size_t kLongestWord = 64;  // longer words are not typing errors, and the distance is quadratic

/// Edit distance with neighbours swapped counted as one (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, changed});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
  // Cut short, and plain what of: `crm_operation_duration`.
  constexpr std::size_t kLeastBeginning = 4;
  const auto goes_on = [word](const std::string& candidate) { return candidate.starts_with(word); };
  if (word.size() >= kLeastBeginning && std::count_if(known.begin(), known.end(), goes_on) == 1)
    return *std::find_if(known.begin(), known.end(), goes_on);
  const std::string* found = nullptr;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  if (word.size() <= kLongestWord) {
    for (const std::string& candidate : known) {
      if (candidate.size() > kLongestWord) continue;
      const std::size_t steps = distance(word, candidate);
      if (steps >= least) continue;
      least = steps;
      found = &candidate;
    }
  }
  if (found == nullptr) return std::nullopt;
  return *found;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  if (const auto meant = nearest(word, known)) return fmt::format("; did you mean '{}'?", *meant);
  return known.empty() ? "" : fmt::format("; known: {}", fmt::join(known, ", "));
}

}  // namespace crmpulse::config
