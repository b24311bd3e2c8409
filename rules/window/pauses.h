#pragma once
// Times of a CRM that do not age, and the clock a rule goes by. Pure.

#include <tuple>
#include <vector>

#include "core/fields.h"
#include "core/time/calendar.h"
#include "rules/time/moment.h"

namespace crmpulse::rules {

/// The times a CRM was in maintenance, when nothing ages. Remembers the newest 64.
class Pauses {
 public:
  static constexpr std::size_t kMost = 64;

  void begin(TimePoint at);
  void end(TimePoint at);
  void shift(Duration by);  ///< moves all times, after the clock was corrected by so much
  [[nodiscard]] bool on() const { return !spans_.empty() && spans_.back().to == kNever; }
  [[nodiscard]] bool empty() const { return spans_.empty(); }
  /// Returns how much of the time from `from` to `to`, inside the hours (nullptr: around the clock), was maintenance.
  [[nodiscard]] Duration within(const Calendar* hours, TimePoint from, TimePoint to) const;

  static constexpr auto fields() { return std::tuple{Field{1, &Pauses::spans_, kMost}}; }

 private:
  struct Span {
    TimePoint from;
    TimePoint to = kNever;
    static constexpr auto fields() { return std::tuple{Field{1, &Span::from}, Field{2, &Span::to}}; }
  };
  std::vector<Span> spans_;  ///< ascending; the last one may not have ended
};

/// The clock of a rule on one CRM: which time counts for it.
struct RuleClock {
  bool limited = false;             ///< judged only inside `hours`
  const Calendar* hours = nullptr;  ///< nullptr though limited: not known yet, nothing is judged
  const Pauses* pauses = nullptr;
  bool learned = false;  ///< nobody told us these hours, nor holidays

  [[nodiscard]] bool open_at(TimePoint time) const { return !limited || (hours != nullptr && hours->open_at(time)); }
  [[nodiscard]] TimePoint next_switch(TimePoint time) const {
    return hours != nullptr ? hours->next_switch(time) : kNever;
  }
  [[nodiscard]] bool around_the_clock() const { return hours == nullptr && (pauses == nullptr || pauses->empty()); }
  /// Returns the time from `from` to `to` that counts. With learned hours the first whole working day does not count:
  /// until the next one it may be a holiday.
  [[nodiscard]] Duration between(TimePoint from, TimePoint to) const;
  /// Returns when `needed` of counting time has passed since `from`, as far as is known now; never too late.
  [[nodiscard]] TimePoint reaches(TimePoint from, Duration needed) const;
};

/// The clock for which every instant counts.
inline constexpr RuleClock kAlways{};

}  // namespace crmpulse::rules
