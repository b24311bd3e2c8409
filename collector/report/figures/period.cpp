#include "collector/report/figures/period.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/time/hours.h"

namespace crmpulse::collector::report {
namespace {

using std::chrono::days;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month;
using std::chrono::year_month_day;
using std::chrono::years;

constexpr days kWeek{7};
constexpr days kLongestRange{1100};
constexpr days kDaily{62};    ///< a longer range is shown by weeks
constexpr days kWeekly{200};  ///< a longer one by months
constexpr int kFirstYear = 1971;
constexpr int kLastYear = 2099;
constexpr Duration kAround{std::chrono::hours{26}};  ///< beyond any offset and its change

Duration offset_at(TimePoint time, const ZonePtr& zone) {
  return zone ? zone->offset_at(time) : Duration{0};
}

std::optional<int> number(std::string_view text, std::size_t digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && text.size() == digits && value >= 0;
  return whole ? std::optional{value} : std::nullopt;
}

sys_days monday_of(sys_days date) {
  return date - (std::chrono::weekday{date} - std::chrono::Monday);
}

/// Monday of the week 1: the one with 4 January.
sys_days first_week(year y) {
  return monday_of(sys_days{y / std::chrono::January / 4});
}

int weeks_in(year y) {
  return static_cast<int>((first_week(y + years{1}) - first_week(y)) / kWeek);
}

/// The year of an ISO week is that of its Thursday.
year week_year(sys_days monday) {
  return year_month_day{monday + days{3}}.year();
}

sys_days first_of(year_month month) {
  return sys_days{month / 1};
}

year_month month_of(sys_days date) {
  const year_month_day parts{date};
  return parts.year() / parts.month();
}

year_month quarter_begin(year_month month) {
  return month - months{(static_cast<unsigned>(month.month()) - 1) % 3};
}

std::string id_of(PeriodKind kind, sys_days first, sys_days end) {
  const year_month_day begin{first};
  const int y = static_cast<int>(begin.year());
  switch (kind) {
    case PeriodKind::week: {
      const year named = week_year(first);
      return fmt::format("{}-W{:02}", static_cast<int>(named), (first - first_week(named)) / kWeek + 1);
    }
    case PeriodKind::month: return fmt::format("{}-{:02}", y, static_cast<unsigned>(begin.month()));
    case PeriodKind::quarter: return fmt::format("{}-Q{}", y, (static_cast<unsigned>(begin.month()) + 2) / 3);
    case PeriodKind::year: return fmt::format("{}", y);
    case PeriodKind::range: break;
  }
  return fmt::format("{}..{}", date_text(first), date_text(end - days{1}));
}

Period made(PeriodKind kind, sys_days first, sys_days end, const ZonePtr& zone) {
  return {kind, id_of(kind, first, end), first, end, day_begin(first, zone), day_begin(end, zone)};
}

Period month_period(PeriodKind kind, year_month first, const ZonePtr& zone) {
  const months length{kind == PeriodKind::month ? 1 : kind == PeriodKind::quarter ? 3 : 12};
  return made(kind, first_of(first), first_of(first + length), zone);
}

Period week_period(sys_days monday, const ZonePtr& zone) {
  return made(PeriodKind::week, monday, monday + kWeek, zone);
}

/// 29 February becomes the 28th.
sys_days year_earlier(sys_days date) {
  const year_month_day parts{date};
  const year_month_day earlier = (parts.year() - years{1}) / parts.month() / parts.day();
  return earlier.ok() ? sys_days{earlier} : sys_days{earlier.year() / earlier.month() / std::chrono::last};
}

std::optional<Period> named_period(std::string_view text, const ZonePtr& zone) {
  const auto y = number(text.substr(0, std::min<std::size_t>(4, text.size())), 4);
  if (!y || *y < kFirstYear || *y > kLastYear) return std::nullopt;
  const year named{*y};
  if (text.size() == 4) return month_period(PeriodKind::year, named / 1, zone);
  if (text[4] != '-' || text.size() < 6) return std::nullopt;
  const std::string_view rest = text.substr(5);
  if (rest.front() == 'Q') {
    const auto quarter = number(rest.substr(1), 1);
    if (!quarter || *quarter < 1 || *quarter > 4) return std::nullopt;
    return month_period(PeriodKind::quarter, named / (*quarter * 3 - 2), zone);
  }
  if (rest.front() == 'W') {
    const auto week = number(rest.substr(1), 2);
    if (!week || *week < 1 || *week > weeks_in(named)) return std::nullopt;
    return week_period(first_week(named) + (*week - 1) * kWeek, zone);
  }
  const auto month = number(rest, 2);
  if (!month || *month < 1 || *month > 12) return std::nullopt;
  return month_period(PeriodKind::month, named / *month, zone);
}

Result<Period> range_period(std::string_view text, std::size_t dots, const ZonePtr& zone) {
  const auto first = date_from(text.substr(0, dots));
  const auto last = date_from(text.substr(dots + 2));
  if (!first || !last) return Error{"a range is two dates, such as 2026-11-01..2026-11-15"};
  if (*last < *first) return Error{fmt::format("the range {} ends before it begins", text)};
  if (*last - *first >= kLongestRange) return Error{fmt::format("a range has at most {} days", kLongestRange.count())};
  return made(PeriodKind::range, *first, *last + days{1}, zone);
}

sys_days next_bucket(sys_days first, days length) {
  if (length <= kDaily) return first + days{1};
  if (length <= kWeekly) return monday_of(first) + kWeek;
  return first_of(month_of(first) + months{1});
}

}  // namespace

std::string_view to_string(PeriodKind kind) {
  switch (kind) {
    case PeriodKind::week: return "week";
    case PeriodKind::month: return "month";
    case PeriodKind::quarter: return "quarter";
    case PeriodKind::year: return "year";
    case PeriodKind::range: break;
  }
  return "range";
}

TimePoint day_begin(sys_days date, const ZonePtr& zone) {
  const TimePoint local{date};
  if (!zone) return local;
  for (const Duration offset : {zone->offset_at(local - kAround), zone->offset_at(local + kAround)}) {
    const TimePoint at = local - offset;
    if (zone->offset_at(at) == offset) return at;
  }
  // The clock skips midnight.
  const auto skip = std::find_if(zone->transitions.begin(), zone->transitions.end(), [&](const Zone::Transition& one) {
    return one.from > local - kAround && one.from + one.offset > local;
  });
  return skip == zone->transitions.end() ? local : skip->from;
}

sys_days date_at(TimePoint time, const ZonePtr& zone) {
  return std::chrono::floor<days>(time + offset_at(time, zone));
}

Result<Period> parse_period(std::string_view text, const ZonePtr& zone) {
  if (const std::size_t dots = text.find(".."); dots != std::string_view::npos) return range_period(text, dots, zone);
  if (auto named = named_period(text, zone)) return *named;
  return Error{
      "a period is a month 2026-10, a quarter 2026-Q4, a year 2026, a week 2026-W48, or dates "
      "2026-11-01..2026-11-15"};
}

Period period_before(const Period& period, const ZonePtr& zone) {
  switch (period.kind) {
    case PeriodKind::week: return week_period(period.first - kWeek, zone);
    case PeriodKind::month: return month_period(period.kind, month_of(period.first) - months{1}, zone);
    case PeriodKind::quarter: return month_period(period.kind, month_of(period.first) - months{3}, zone);
    case PeriodKind::year: return month_period(period.kind, month_of(period.first) - months{12}, zone);
    case PeriodKind::range: break;
  }
  return made(PeriodKind::range, period.first - (period.end - period.first), period.first, zone);
}

Period year_before(const Period& period, const ZonePtr& zone) {
  switch (period.kind) {
    case PeriodKind::week: {
      const year named = week_year(period.first);
      const auto week = static_cast<int>((period.first - first_week(named)) / kWeek);
      const year earlier = named - years{1};
      return week_period(first_week(earlier) + std::min(week, weeks_in(earlier) - 1) * kWeek, zone);
    }
    case PeriodKind::month:
    case PeriodKind::quarter:
    case PeriodKind::year: return month_period(period.kind, month_of(period.first) - months{12}, zone);
    case PeriodKind::range: break;
  }
  return made(PeriodKind::range, year_earlier(period.first), year_earlier(period.end - days{1}) + days{1}, zone);
}

Period last_ended(PeriodKind kind, TimePoint now, const ZonePtr& zone) {
  const sys_days today = date_at(now, zone);
  const year_month month = month_of(today);
  switch (kind) {
    case PeriodKind::week: return week_period(monday_of(today) - kWeek, zone);
    case PeriodKind::quarter: return month_period(kind, quarter_begin(month) - months{3}, zone);
    case PeriodKind::year: return month_period(kind, (month.year() - years{1}) / 1, zone);
    case PeriodKind::month:
    case PeriodKind::range: break;
  }
  return month_period(PeriodKind::month, month - months{1}, zone);
}

std::vector<Bucket> buckets_of(const Period& period, const ZonePtr& zone) {
  std::vector<Bucket> out;
  for (sys_days first = period.first; first < period.end;) {
    const sys_days end = std::min(next_bucket(first, period.end - period.first), period.end);
    out.push_back({first, end, day_begin(first, zone), day_begin(end, zone)});
    first = end;
  }
  return out;
}

}  // namespace crmpulse::collector::report
