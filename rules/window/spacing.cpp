#include "rules/window/spacing.h"

#include <algorithm>
#include <limits>

namespace crmpulse::rules {

void SeriesMemory::advance(TimePoint at, double sample, StretchSteps pace) {
  if (is_set(newest)) {
    constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
    const auto gap = static_cast<std::uint32_t>(std::min<std::int64_t>((at - newest).count(), kMost));
    const std::size_t place = gap_count++ % gaps.size();
    // The same gap in place of the same: whatever the median is, it stays.
    if (gaps[place] != gap || paces[place] != pace || gap_count <= gaps.size()) median = -1;
    paces[place] = pace;
    gaps[place] = gap;
  }
  newest = at;
  value = sample;
}

Duration SeriesMemory::spacing(StretchSteps pace) {
  if (median >= 0 && median_pace == pace) return Duration{median};
  const std::size_t known = std::min<std::size_t>(gap_count, gaps.size());
  if (known < 2) return Duration{0};
  std::array<Duration, 8> sorted{};
  for (std::size_t i = 0; i < known; ++i) sorted[i] = at_pace(Duration{gaps[i]}, paces[i], pace);
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((known - 1) / 2);
  std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(known));
  median =
      middle->count() <= std::numeric_limits<std::int32_t>::max() ? static_cast<std::int32_t>(middle->count()) : -1;
  median_pace = pace;
  return *middle;
}

}  // namespace crmpulse::rules
