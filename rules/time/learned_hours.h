#pragma once
// Learns a CRM's working hours from its activity.

#include <array>
#include <cstdint>

#include "core/fields.h"
#include "core/time/calendar.h"
#include "rules/time/moment.h"

namespace crmpulse::rules {

/// The hours of the week in which a CRM is used, learned from its changes and logins: those in which at least one week
/// in two had any. Looks at the last four weeks with activity; weeks without (holidays, or a long outage) do not count.
/// Takes less than half a kilobyte.
class LearnedHours {
 public:
  static constexpr int kWeeks = 4;
  static constexpr int kLeast = 2;  ///< weeks before anything is known

  /// Begins to learn at `at`, when the CRM was first watched; activity before it is ignored. Only the first call has an
  /// effect, and returns true.
  bool begin(TimePoint at);
  /// Notes that something changed, or somebody logged in. Call advance() to about the same time before.
  void mark(TimePoint at);
  /// Closes the weeks that are over by `now`. Returns true if hours() changed.
  bool advance(TimePoint now);
  [[nodiscard]] bool known() const { return weeks_ >= kLeast; }
  [[nodiscard]] WeekHours hours() const;
  /// Returns when advance() has something to do next.
  [[nodiscard]] TimePoint week_ends() const;

  void save(FieldWriter& out) const;
  void load(FieldReader& in);

 private:
  [[nodiscard]] std::int64_t week_of(std::int64_t hour) const;

  std::int64_t origin_ = -1;  ///< Unix hour in which it began; below 0: it has not
  std::int64_t week_ = 0;     ///< the current week, counted from the origin
  WeekHours current_;
  std::array<std::uint8_t, kHoursOfWeek> past_{};  ///< bit 0: the last week with activity, bit 1 the one before, …
  std::uint8_t weeks_ = 0;                         ///< that `past_` knows
};

}  // namespace crmpulse::rules
