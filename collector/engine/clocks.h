#pragma once
// Defines the two clocks of the collector: one that decides, one that stamps.

#include "core/time/clock.h"

namespace crmpulse::collector {

/// The machine's wall clock as a Clock: for stamps that other machines read.
class WallClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return wall_now(); }
};

/// A steady clock that is corrected when the wall clock was set. Between two corrections it is as steady as its source;
/// everything that remembers its times is told of each correction. Loop's thread.
class CorrectedClock final : public Clock {
 public:
  explicit CorrectedClock(const Clock& steady) : steady_(steady) {}
  [[nodiscard]] TimePoint now() const override { return steady_.now() + off_; }
  void correct(Duration by) { off_ += by; }

 private:
  const Clock& steady_;
  Duration off_{};
};

struct Clocks {
  const Clock& engine;  ///< decides: steady, but for corrections that everybody is told of
  const Clock& wall;    ///< stamps
};

}  // namespace crmpulse::collector
