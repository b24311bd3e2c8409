#pragma once
// The time a report is about, by the calendar of a zone: a day lasts from local midnight to local midnight, whether
// that is 23, 24 or 25 hours. Pure.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "core/time/time.h"
#include "core/words/clock.h"

namespace crmpulse::collector::report {

enum class PeriodKind { week, month, quarter, year, range };
[[nodiscard]] std::string_view to_string(PeriodKind kind);

struct Period {
  PeriodKind kind = PeriodKind::month;
  std::string id;               ///< `2026-10`, `2026-Q4`, `2026`, `2026-W48`, `2026-11-01..2026-11-15`
  std::chrono::sys_days first;  ///< local date
  std::chrono::sys_days end;    ///< local date of the day behind the last one
  TimePoint from;
  TimePoint to;  ///< does not belong to it

  friend bool operator==(const Period&, const Period&) = default;
};

/// Returns the instant at which a local date begins. Where the clock skips midnight that is the instant of the skip.
[[nodiscard]] TimePoint day_begin(std::chrono::sys_days date, const ZonePtr& zone);
/// Returns the local date at an instant.
[[nodiscard]] std::chrono::sys_days date_at(TimePoint time, const ZonePtr& zone);

/// Reads `2026-10`, `2026-Q4`, `2026`, `2026-W48` (ISO 8601) or `2026-11-01..2026-11-15` (both dates belong to it).
[[nodiscard]] Result<Period> parse_period(std::string_view text, const ZonePtr& zone);
/// Returns the period that ends where this one begins: the month before a month; before a range, as many days.
[[nodiscard]] Period period_before(const Period& period, const ZonePtr& zone);
/// Returns the same period a year ago: the same month, ISO week (the last one for a week 53 that is not there) or
/// dates.
[[nodiscard]] Period year_before(const Period& period, const ZonePtr& zone);
/// Returns the newest period of a kind, not a range, that is over at `now`.
[[nodiscard]] Period last_ended(PeriodKind kind, TimePoint now, const ZonePtr& zone);

/// A part of a period for charts: a day of a week, a month or a short range, a week of a quarter, a month of a year.
struct Bucket {
  std::chrono::sys_days first;
  std::chrono::sys_days end;
  TimePoint from;
  TimePoint to;
};
/// Returns the parts in order, 53 at most; the first and the last may be cut by the period.
[[nodiscard]] std::vector<Bucket> buckets_of(const Period& period, const ZonePtr& zone);

}  // namespace crmpulse::collector::report
