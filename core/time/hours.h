#pragma once
// Hours of the week in which people work, as values and as text.

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time/time.h"
#include "core/time/zone.h"

namespace crmpulse {

/// Weekly hours in the local time of `zone`. `to` at or before `from` means over midnight; the day is that of the
/// start.
struct ActiveHours {
  static constexpr std::size_t kMostHolidays = 90;  ///< as text they fit into one label

  unsigned char days = 0x7f;  ///< bit 0 Monday … bit 6 Sunday
  std::chrono::minutes from{0};
  std::chrono::minutes to{24 * 60};
  Zone zone;
  /// Local dates, ascending; hours that begin on one of them are left out.
  std::vector<std::chrono::sys_days> holidays{};
  friend bool operator==(const ActiveHours&, const ActiveHours&) = default;
};

/// Do the hours hold at this instant?
[[nodiscard]] bool active_at(const ActiveHours& hours, TimePoint time);

/// In the order of the bits.
inline constexpr std::array<std::string_view, 7> kDayNames{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
/// Parses `mon`, `mon-fri`, `sat-mon` into bits. Returns 0 if the text has another form.
[[nodiscard]] unsigned char days_from(std::string_view text);
/// Parses `08:00` (up to `24:00`) into minutes of the day. Returns nullopt if the text has another form.
[[nodiscard]] std::optional<std::chrono::minutes> clock_from(std::string_view text);
/// `2026-12-25`; only days that exist, of the years 1970 to 2100.
[[nodiscard]] std::optional<std::chrono::sys_days> date_from(std::string_view text);

/// Back to text that the functions above read: `mon,tue`, `08:00`, `2026-12-25`.
[[nodiscard]] std::string days_text(unsigned char days);
[[nodiscard]] std::string clock_text(std::chrono::minutes clock);
[[nodiscard]] std::string date_text(std::chrono::sys_days date);

/// The hours of a CRM on their way from its agent to the collector: labels of `kHoursMetric`.
inline constexpr std::string_view kHoursMetric = "crm_hours_info";
struct HoursText {
  std::string days;      ///< `mon,tue,wed`
  std::string from;      ///< `08:00`
  std::string to;        ///< `18:00`
  std::string zone;      ///< an IANA name
  std::string holidays;  ///< `2026-12-25,2027-01-01`; may be empty
  friend bool operator==(const HoursText&, const HoursText&) = default;
};
[[nodiscard]] HoursText text_of(const ActiveHours& hours);
/// Reads all but the zone's clock, which is left at UTC under the text's name. Returns nullopt if any of it is invalid.
[[nodiscard]] std::optional<ActiveHours> hours_from(const HoursText& text);

}  // namespace crmpulse
