#pragma once
// Keeps the confirmed level of one judged unit and the timers that change it.

#include <tuple>

#include "core/fields.h"
#include "core/rule.h"
#include "rules/time/moment.h"

namespace crmpulse::rules {

/// Measures the observed time for which a condition has held without a break; kUnset while it does not hold.
struct Timer {
  static constexpr Duration kUnset{-1};
  Duration held = kUnset;

  void observe(bool condition, Duration dt) { held = !condition ? kUnset : held == kUnset ? Duration{0} : held + dt; }
  [[nodiscard]] bool reached(Duration needed) const { return held != kUnset && held >= needed; }
  [[nodiscard]] bool running() const { return held != kUnset; }
  static constexpr auto fields() { return std::tuple{Field{1, &Timer::held}}; }
};

/// The confirmed level of one judged unit and the timers that change it: docs/health-states.md, "Levels and timers".
struct Dimension {
  Level confirmed = Level::healthy;
  Timer up_sub;     ///< level ≥ sub-healthy
  Timer up_poor;    ///< level = poor
  Timer down_poor;  ///< level < poor
  Timer down_sub;   ///< level = healthy
  TimePoint last_data = kUnset;
  TimePoint since = kUnset;  ///< of `confirmed`, or of the latch when that is what counts
  bool latched = false;      ///< data was missing too long, and has not been good since
  std::uint8_t clean = 0;    ///< healthy evaluations since the latch was set

  /// Takes one evaluation with data. `interval` is the expected spacing; a larger gap adds nothing to the timers.
  /// `fresh` is false for data that is itself older than the no-data deadline: it cannot lift the latch.
  void evaluate(const Rule& rule, TimePoint at, double value, Duration interval, bool fresh);
  /// Takes a value that changed although no data came, because an age got older. Timers stand still.
  void revise(const Rule& rule, double value, TimePoint now);
  /// Sets the latch: data has been missing too long, and the rule wants that to count.
  void latch(TimePoint at);
  void clear_timers();

  /// Returns the level as others see it: the latch counts as sub-healthy.
  [[nodiscard]] Level shown() const { return latched && confirmed == Level::healthy ? Level::sub_healthy : confirmed; }

  static constexpr auto fields() {
    return std::tuple{Field{1, &Dimension::confirmed}, Field{2, &Dimension::up_sub},   Field{3, &Dimension::up_poor},
                      Field{4, &Dimension::down_poor}, Field{5, &Dimension::down_sub}, Field{6, &Dimension::last_data},
                      Field{7, &Dimension::since},     Field{8, &Dimension::latched},  Field{9, &Dimension::clean}};
  }

 private:
  void confirm(Level level, TimePoint at);
};

/// Returns the level of one value given the confirmed level: entering needs `enter`, leaving needs `exit`.
[[nodiscard]] Level level_of(const Rule& rule, double value, Level confirmed);

}  // namespace crmpulse::rules
