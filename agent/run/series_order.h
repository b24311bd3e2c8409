#pragma once
// The one writer of every series: whoever measured it, what is stored of it ascends in time.

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/sample.h"

namespace crmpulse::agent {

/// Several measurements may write one series: each answer tells the allowance, two measurements are of one operation, a
/// login is told by whoever waited for it. A sample has its measurement's time, and a long measurement is told after a
/// short one that began later. Receivers refuse what is older than the newest they have. One thread.
class SeriesOrder {
 public:
  /// Makes these samples fit to be stored behind all that were arranged before: what every answer tells is left out
  /// when something newer is known, and anything else that is too early gets the next instant. `now` is the wall's:
  /// what is known from the future is forgotten, because the clock was set back.
  void arrange(std::vector<Sample>& samples, TimePoint now);

  /// Series that are remembered now.
  [[nodiscard]] std::size_t size() const { return newest_.size(); }

 private:
  void sweep(TimePoint now);

  std::unordered_map<std::uint64_t, TimePoint> newest_;  ///< by the hash of metric and labels
  TimePoint swept_{};
};

}  // namespace crmpulse::agent
