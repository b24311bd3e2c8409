#pragma once
// When people work, and how much of that time lies between two instants. Pure.

#include <bitset>
#include <vector>

#include "core/time/hours.h"

namespace crmpulse {

/// Hours of the week counted from the Unix epoch, UTC: hour 0 is Thursday, 00:00.
inline constexpr std::size_t kHoursOfWeek = 7 * 24;
using WeekHours = std::bitset<kHoursOfWeek>;

/// Open and closed time in turn. Questions cost a few steps of arithmetic, however far apart the instants are: between
/// two changes of the clock one week is like the next. Immutable.
class Calendar {
 public:
  static constexpr TimePoint kNever = TimePoint::max();

  explicit Calendar(ActiveHours hours);
  explicit Calendar(const WeekHours& hours);

  [[nodiscard]] bool open_at(TimePoint time) const;
  /// Returns how much of the time from `from` to `to` is open, 0 if `to` is not later.
  [[nodiscard]] Duration open_between(TimePoint from, TimePoint to) const;
  /// Returns the next instant after `time` at which open_at() changes, kNever if it does not while a week is known to
  /// repeat.
  [[nodiscard]] TimePoint next_switch(TimePoint time) const;
  /// Returns when `needed` open time has passed since `from`; if that is far away, an instant before it.
  [[nodiscard]] TimePoint reaches(TimePoint from, Duration needed) const;
  [[nodiscard]] const Zone& zone() const { return zone_; }

 private:
  /// A part of the week, or of a closed day in local time, and how much lies before it.
  struct Span {
    Duration from;
    Duration to;
    Duration before;
  };
  void add(Duration from, Duration length);
  void finish();
  [[nodiscard]] Duration opened(Duration local) const;
  [[nodiscard]] bool open_locally(Duration local) const;
  [[nodiscard]] Duration next_edge(Duration local) const;
  [[nodiscard]] TimePoint offset_until(TimePoint time) const;

  Zone zone_;
  std::vector<Span> week_;      ///< ascending, apart from each other
  Duration total_{};            ///< open in a week
  std::vector<Span> holidays_;  ///< parts of local time that the week has open and a holiday closes
};

}  // namespace crmpulse
