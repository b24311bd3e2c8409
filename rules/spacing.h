#pragma once
#include <array>
#include <cstdint>

#include "core/codec.h"
#include "rules/moment.h"

namespace crmpulse::rules {

/// What is remembered of one series of a CRM: its newest sample and, to learn its spacing, its last eight gaps.
struct SeriesMemory {
  std::uint64_t id = 0;  ///< stable_hash of metric and labels
  TimePoint newest = kUnset;
  double value = 0;
  std::array<std::uint32_t, 8> gaps{};  ///< milliseconds, a ring
  std::uint32_t gap_count = 0;          ///< how many were seen in all

  /// Takes a sample newer than every one before.
  void advance(TimePoint at, double sample);
  /// The lower median of the gaps: an outage, or every other sample missing, does not stretch it. 0 until two gaps
  /// are known.
  [[nodiscard]] Duration spacing() const;

  void save(Encoder& encoder) const;
  void load(Decoder& decoder);
};

}  // namespace crmpulse::rules
