#pragma once
#include "core/clock.h"

namespace crmpulse::collector {

/// The machine's wall clock as a Clock: for stamps that other machines read.
class WallClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return wall_now(); }
};

struct Clocks {
  const Clock& engine;  ///< decides: never goes backwards
  const Clock& wall;    ///< stamps
};

}  // namespace crmpulse::collector
