#include "core/time/hours.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace crmpulse {
namespace {

constexpr std::size_t kLongestZone = 64;

bool on_day(const ActiveHours& hours, std::chrono::sys_days day) {
  const unsigned weekday = std::chrono::weekday{day}.iso_encoding() - 1;
  return (hours.days >> weekday & 1) != 0 && !std::binary_search(hours.holidays.begin(), hours.holidays.end(), day);
}

/// Digits only, all of them.
bool read_number(std::string_view text, int& out) {
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return digits && error == std::errc{} && end == text.data() + text.size();
}

/// Gives each piece between commas to `take`; false as soon as that says so.
template <class Take>
bool each_piece(std::string_view text, Take take) {
  while (true) {
    const std::size_t comma = text.find(',');
    if (!take(text.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

bool active_at(const ActiveHours& hours, TimePoint time) {
  const TimePoint local = time + hours.zone.offset_at(time);
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const Duration clock = local - day;
  if (hours.from < hours.to) return clock >= hours.from && clock < hours.to && on_day(hours, day);
  return (clock >= hours.from && on_day(hours, day)) || (clock < hours.to && on_day(hours, day - std::chrono::days{1}));
}

unsigned char days_from(std::string_view text) {
  const auto day = [](std::string_view name) {
    return static_cast<std::size_t>(std::find(kDayNames.begin(), kDayNames.end(), name) - kDayNames.begin());
  };
  const std::size_t dash = text.find('-');
  const std::size_t first = day(text.substr(0, dash));
  const std::size_t last = dash == std::string_view::npos ? first : day(text.substr(dash + 1));
  if (first >= kDayNames.size() || last >= kDayNames.size()) return 0;
  unsigned bits = 0;
  for (std::size_t i = first;; i = (i + 1) % kDayNames.size()) {
    bits |= 1U << i;
    if (i == last) return static_cast<unsigned char>(bits);
  }
}

std::optional<std::chrono::minutes> clock_from(std::string_view text) {
  int hour = 0, minute = 0;
  if (text.size() != 5 || text[2] != ':' || !read_number(text.substr(0, 2), hour) ||
      !read_number(text.substr(3), minute) || minute > 59)
    return std::nullopt;
  const int total = hour * 60 + minute;
  if (total > 24 * 60) return std::nullopt;
  return std::chrono::minutes{total};
}

std::optional<std::chrono::sys_days> date_from(std::string_view text) {
  int year = 0, month = 0, day = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !read_number(text.substr(0, 4), year) ||
      !read_number(text.substr(5, 2), month) || !read_number(text.substr(8), day))
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || year < 1970 || year > 2100) return std::nullopt;
  return std::chrono::sys_days{date};
}

std::string days_text(unsigned char days) {
  std::string text;
  for (std::size_t i = 0; i < kDayNames.size(); ++i) {
    if ((days >> i & 1) == 0) continue;
    if (!text.empty()) text += ',';
    text += kDayNames[i];
  }
  return text;
}

std::string clock_text(std::chrono::minutes clock) {
  return fmt::format("{:02}:{:02}", clock.count() / 60, clock.count() % 60);
}

std::string date_text(std::chrono::sys_days date) {
  const std::chrono::year_month_day parts{date};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(parts.year()), static_cast<unsigned>(parts.month()),
                     static_cast<unsigned>(parts.day()));
}

HoursText text_of(const ActiveHours& hours) {
  HoursText text{days_text(hours.days), clock_text(hours.from), clock_text(hours.to), hours.zone.name, {}};
  for (const std::chrono::sys_days day : hours.holidays) {
    if (!text.holidays.empty()) text.holidays += ',';
    text.holidays += date_text(day);
  }
  return text;
}

std::optional<ActiveHours> hours_from(const HoursText& text) {
  ActiveHours hours;
  hours.days = 0;
  const bool days_fit = each_piece(text.days, [&](std::string_view piece) {
    const unsigned char more = days_from(piece);
    hours.days = static_cast<unsigned char>(hours.days | more);
    return more != 0;
  });
  const auto from = clock_from(text.from);
  const auto to = clock_from(text.to);
  if (!days_fit || !from || !to || *from == *to || text.zone.empty() || text.zone.size() > kLongestZone)
    return std::nullopt;
  hours.from = *from;
  hours.to = *to;
  hours.zone.name = text.zone;
  const bool holidays_fit = text.holidays.empty() || each_piece(text.holidays, [&](std::string_view piece) {
                              const auto day = date_from(piece);
                              if (day) hours.holidays.push_back(*day);
                              return day.has_value() && hours.holidays.size() <= ActiveHours::kMostHolidays;
                            });
  if (!holidays_fit) return std::nullopt;
  std::sort(hours.holidays.begin(), hours.holidays.end());
  return hours;
}

}  // namespace crmpulse
