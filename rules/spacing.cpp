#include "rules/spacing.h"

#include <algorithm>
#include <limits>

namespace crmpulse::rules {

void SeriesMemory::advance(TimePoint at, double sample) {
  if (is_set(newest)) {
    constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
    gaps[gap_count++ % gaps.size()] = static_cast<std::uint32_t>(std::min<std::int64_t>((at - newest).count(), kMost));
  }
  newest = at;
  value = sample;
}

Duration SeriesMemory::spacing() const {
  const std::size_t known = std::min<std::size_t>(gap_count, gaps.size());
  if (known < 2) return Duration{0};
  std::array<std::uint32_t, 8> sorted = gaps;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((known - 1) / 2);
  std::nth_element(sorted.begin(), middle, sorted.begin() + static_cast<std::ptrdiff_t>(known));
  return Duration{*middle};
}

void SeriesMemory::save(Encoder& encoder) const {
  encoder.u64(id);
  encoder.i64(newest.time_since_epoch().count());
  encoder.f64(value);
  encoder.u32(gap_count);
  for (const std::uint32_t gap : gaps) encoder.u32(gap);
}

void SeriesMemory::load(Decoder& decoder) {
  id = decoder.u64();
  newest = TimePoint{Duration{decoder.i64()}};
  value = decoder.f64();
  gap_count = decoder.u32();
  for (std::uint32_t& gap : gaps) gap = decoder.u32();
}

}  // namespace crmpulse::rules
