#pragma once
// Learns a CRM's working hours from its activity.

#include <array>
#include <cstdint>

#include "core/calendar.h"
#include "core/codec.h"
#include "rules/moment.h"

namespace crmpulse::rules {

/// The hours of the week in which a CRM is used, from its own changes and logins: those in which at least one week in
/// two had any. Of the last four weeks with activity; weeks without (a closed house, or an outage that lasts) teach
/// nothing. Less than half a kilobyte, however much happens.
class LearnedHours {
 public:
  static constexpr int kWeeks = 4;
  static constexpr int kLeast = 2;  ///< weeks before anything is known

  /// The CRM is watched since then; what happened before is not news. Only the first call counts, and gives true.
  bool begin(TimePoint at);
  /// Something changed, or somebody logged in. After advance() to about the same time.
  void mark(TimePoint at);
  /// Weeks that are over by `now` count. True when hours() changed.
  bool advance(TimePoint now);
  [[nodiscard]] bool known() const { return weeks_ >= kLeast; }
  [[nodiscard]] WeekHours hours() const;
  /// When advance() has something to do.
  [[nodiscard]] TimePoint week_ends() const;

  void save(Encoder& encoder) const;
  void load(Decoder& decoder);

 private:
  [[nodiscard]] std::int64_t week_of(std::int64_t hour) const;

  std::int64_t origin_ = -1;  ///< Unix hour in which it began; below 0: it has not
  std::int64_t week_ = 0;     ///< the current week, counted from the origin
  WeekHours current_;
  std::array<std::uint8_t, kHoursOfWeek> past_{};  ///< bit 0: the last week with activity, bit 1 the one before, …
  std::uint8_t weeks_ = 0;                         ///< that `past_` knows
};

}  // namespace crmpulse::rules
