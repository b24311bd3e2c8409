#pragma once
// Defines the source of the current time.

#include "core/time/time.h"

namespace crmpulse {

/// Where `now` comes from. Everything that decides takes a Clock or a TimePoint, so that tests own time.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Never goes backwards, but where somebody puts it right and tells everybody who remembers a time of it.
  [[nodiscard]] virtual TimePoint now() const = 0;
};

/// Wall time read once at construction, then advanced by CLOCK_BOOTTIME (counts suspend, ignores steps of the
/// wall clock), so that timers measure elapsed time. Thread-safe.
class SystemClock final : public Clock {
 public:
  SystemClock();
  [[nodiscard]] TimePoint now() const override;

 private:
  Duration offset_;  ///< wall minus boot time at construction
};

/// The machine's wall clock: only for stamps that other machines read (sample times, signatures).
[[nodiscard]] TimePoint wall_now();

}  // namespace crmpulse
