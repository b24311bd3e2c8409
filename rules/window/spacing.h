#pragma once
// Learns how often a series sends samples.

#include <array>
#include <cstdint>
#include <tuple>

#include "core/fields.h"
#include "rules/time/moment.h"
#include "rules/time/pace.h"

namespace crmpulse::rules {

/// The memory of one series of a CRM: its newest sample and, to learn its spacing, its last eight gaps.
struct SeriesMemory {
  std::uint64_t id = 0;  ///< stable_hash of metric and labels
  TimePoint newest = kUnset;
  double value = 0;
  std::array<std::uint32_t, 8> gaps{};  ///< milliseconds, a ring
  std::array<StretchSteps, 8> paces{};  ///< of the agent at the end of each gap
  std::uint32_t gap_count = 0;          ///< how many were seen in all
  // Not saved.
  std::int32_t median = -1;      ///< what spacing() found, milliseconds; below 0: to be found anew
  StretchSteps median_pace = 0;  ///< the pace it was asked for

  /// Takes a sample newer than every one before.
  void advance(TimePoint at, double sample, StretchSteps pace = 0);
  /// Returns the lower median of the gaps as they would be at this pace, so that an outage, or every other sample
  /// missing, does not stretch it. Returns 0 until two gaps are known.
  [[nodiscard]] Duration spacing(StretchSteps pace = 0);

  static constexpr auto fields() {
    return std::tuple{Field{1, &SeriesMemory::id},    Field{2, &SeriesMemory::newest},
                      Field{3, &SeriesMemory::value}, Field{4, &SeriesMemory::gaps},
                      Field{5, &SeriesMemory::paces}, Field{6, &SeriesMemory::gap_count}};
  }
};

}  // namespace crmpulse::rules
