#pragma once
// Times of a CRM that do not age, and the clock a rule goes by. Pure.

#include <vector>

#include "core/calendar.h"
#include "core/codec.h"
#include "rules/moment.h"

namespace crmpulse::rules {

/// When a CRM was in maintenance: nothing ages then. The newest 64 times are known.
class Pauses {
 public:
  static constexpr std::size_t kMost = 64;

  void begin(TimePoint at);
  void end(TimePoint at);
  void shift(Duration by);  ///< moves all times, after the clock was corrected by so much
  [[nodiscard]] bool on() const { return !spans_.empty() && spans_.back().to == kNever; }
  [[nodiscard]] bool empty() const { return spans_.empty(); }
  /// Of the time from `from` to `to`, inside the hours (nullptr: around the clock), how much was maintenance.
  [[nodiscard]] Duration within(const Calendar* hours, TimePoint from, TimePoint to) const;

  void save(Encoder& encoder) const;
  void load(Decoder& decoder);

 private:
  struct Span {
    TimePoint from;
    TimePoint to;
  };
  std::vector<Span> spans_;  ///< ascending; the last one may not have ended
};

/// Which time counts for a rule on one CRM.
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
  /// The time from `from` to `to` that counts. Of learned hours the first whole working day does not: until the next
  /// one it may be a holiday.
  [[nodiscard]] Duration between(TimePoint from, TimePoint to) const;
  /// When `needed` of it has passed since `from`, as far as it is known now; never too late.
  [[nodiscard]] TimePoint reaches(TimePoint from, Duration needed) const;
};

/// Every instant counts.
inline constexpr RuleClock kAlways{};

}  // namespace crmpulse::rules
