#include "rules/spacing.h"

#include <algorithm>
#include <limits>

namespace crmpulse::rules {

void SeriesMemory::advance(TimePoint at, double sample, StretchSteps pace) {
  if (is_set(newest)) {
    constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
    paces[gap_count % paces.size()] = pace;
    gaps[gap_count++ % gaps.size()] = static_cast<std::uint32_t>(std::min<std::int64_t>((at - newest).count(), kMost));
  }
  newest = at;
  value = sample;
}

Duration SeriesMemory::spacing(StretchSteps pace) const {
  const std::size_t known = std::min<std::size_t>(gap_count, gaps.size());
  if (known < 2) return Duration{0};
  std::array<Duration, 8> sorted{};
  for (std::size_t i = 0; i < known; ++i) sorted[i] = at_pace(Duration{gaps[i]}, paces[i], pace);
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((known - 1) / 2);
  std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(known));
  return *middle;
}

void SeriesMemory::save(Encoder& encoder) const {
  encoder.u64(id);
  encoder.i64(newest.time_since_epoch().count());
  encoder.f64(value);
  encoder.u32(gap_count);
  for (const std::uint32_t gap : gaps) encoder.u32(gap);
  for (const StretchSteps pace : paces) encoder.u8(pace);
}

void SeriesMemory::load(Decoder& decoder, bool with_paces) {
  id = decoder.u64();
  newest = TimePoint{Duration{decoder.i64()}};
  value = decoder.f64();
  gap_count = decoder.u32();
  for (std::uint32_t& gap : gaps) gap = decoder.u32();
  if (!with_paces) return;
  for (StretchSteps& pace : paces) pace = decoder.u8();
}

}  // namespace crmpulse::rules
