#pragma once
// Readings summed up by equal spans of time, of many series, as few bytes: columns like those of a history block, and
// the sketches of durations. Pure. Counts, sums, least, greatest and last values come back as they were, but for sums
// that no decimal number of nine digits says exactly, which are rounded like their readings.

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "core/time/time.h"
#include "store/history/sketch.h"

namespace crmpulse::store {

/// The readings of one span.
struct Rollup {
  TimePoint at;  ///< the span's begin
  std::uint64_t count = 0;
  double sum = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  double last = 0;
  Sketch sketch{};  ///< of durations; else empty

  void add(double value, bool duration);  ///< later than those before
  void merge(const Rollup& later);        ///< of the same span or a later one
};

struct RollupSeries {
  std::string name;
  std::vector<Rollup> points;  ///< in order
};

/// A block holds at most so many points in all.
inline constexpr std::size_t kMostRollups = 1'000'000;

[[nodiscard]] std::string encode_rollups(std::span<const RollupSeries> series);
/// Returns the series whose name is `wanted`, in the block's order. Damaged bytes give an Error.
[[nodiscard]] Result<std::vector<RollupSeries>> decode_rollups(std::string_view bytes,
                                                               const std::function<bool(std::string_view)>& wanted);

}  // namespace crmpulse::store
