#include "probes/rows/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

namespace crmpulse::probes {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t\r\n") - start + 1);
}

/// Takes pieces off the front of a text.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  double fraction() {
    double value = 0;
    double scale = 0.1;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1), scale /= 10)
      value += (rest_.front() - '0') * scale;
    return value;
  }

 private:
  std::string_view rest_;
};

std::optional<double> take_date(Cursor& cursor) {
  const auto year = cursor.digits(4);
  if (!year || !cursor.take('-')) return std::nullopt;
  const auto month = cursor.digits(2);
  if (!month || !cursor.take('-')) return std::nullopt;
  const auto day = cursor.digits(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return static_cast<double>(std::chrono::sys_days{date}.time_since_epoch().count()) * 86400;
}

std::optional<double> take_clock(Cursor& cursor) {
  const auto hour = cursor.digits(2);
  if (!hour || !cursor.take(':')) return std::nullopt;
  const auto minute = cursor.digits(2);
  if (!minute || *hour > 24 || *minute > 59) return std::nullopt;
  double seconds = *hour * 3600.0 + *minute * 60.0;
  if (!cursor.take(':')) return seconds;
  const auto second = cursor.digits(2);
  if (!second || *second > 60) return std::nullopt;
  seconds += *second;
  if (cursor.take('.')) seconds += cursor.fraction();
  return seconds;
}

/// Returns seconds east of UTC, 0 if there is no zone.
std::optional<double> take_zone(Cursor& cursor) {
  cursor.take(' ');
  if (cursor.at_end() || cursor.take('Z') || cursor.take('z')) return 0;
  const bool west = cursor.take('-');
  if (!west && !cursor.take('+')) return std::nullopt;
  double offset = 0;
  for (const double unit : {3600.0, 60.0, 1.0}) {
    const auto value = cursor.digits(2);
    if (!value) return std::nullopt;
    offset += *value * unit;
    cursor.take(':');
    if (cursor.at_end()) break;
  }
  return west ? -offset : offset;
}

std::optional<double> parse_finite(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

constexpr double kDay = 86400;
constexpr double kYear = 366 * kDay;
/// This program is not older: a machine without a clock of its own believes in 1970 until it is told better.
constexpr double kNotBefore = 1'790'000'000;
constexpr double kEndOf9999 = 253'402'300'799;
constexpr double kLongAgo = 100'000'000;  ///< 1973: smaller numbers are not times in another unit

/// What a number far too large for seconds probably counts.
std::string unit_hint(double value, double latest) {
  struct Unit {
    double per_second;
    std::string_view name;
    std::string_view advice;
  };
  constexpr std::array kUnits{Unit{1e3, "milliseconds", "unit: ms"}, Unit{1e6, "microseconds", "scale: 0.000001"},
                              Unit{1e9, "nanoseconds", "scale: 0.000000001"}};
  for (const Unit& unit : kUnits) {
    const double seconds = value / unit.per_second;
    if (seconds > kLongAgo && seconds <= latest)
      return fmt::format("; if it counts {} since 1970, write {}", unit.name, unit.advice);
  }
  return {};
}

}  // namespace

bool is_bare_number(const Cell& cell) {
  return cell.number.has_value() || parse_finite(trimmed(cell.text)).has_value();
}

std::optional<double> time_of(const Cell& cell, double unit) {
  const auto number = number_of(cell);
  if (!number || unit == 0 || !is_bare_number(cell)) return number;
  return *number * unit;
}

std::optional<std::string> past_time_fault(double seconds, TimePoint now) {
  const double latest = std::max(to_seconds(now.time_since_epoch()), kNotBefore) + kYear;
  if (seconds <= latest) return std::nullopt;
  return fmt::format("is a time that cannot be, {:.0f} years ahead{}", (seconds - latest) / kYear + 1,
                     unit_hint(seconds, latest));
}

std::optional<std::string> any_time_fault(double seconds) {
  if (seconds <= kEndOf9999) return std::nullopt;
  return fmt::format("is a time that cannot be, beyond the year 9999{}", unit_hint(seconds, kEndOf9999));
}

std::optional<double> parse_sql_time(std::string_view text) {
  Cursor cursor{text};
  const auto date = take_date(cursor);
  if (!date || cursor.at_end()) return date;
  if (!cursor.take(' ') && !cursor.take('T') && !cursor.take('t')) return std::nullopt;
  const auto clock = take_clock(cursor);
  if (!clock) return std::nullopt;
  const auto zone = take_zone(cursor);
  if (!zone || !cursor.at_end()) return std::nullopt;
  return *date + *clock - *zone;
}

std::optional<double> number_of(const Cell& cell) {
  if (cell.number) return std::isfinite(*cell.number) ? cell.number : std::nullopt;
  const std::string_view text = trimmed(cell.text);
  if (const auto number = parse_finite(text)) return number;
  return parse_sql_time(text);
}

}  // namespace crmpulse::probes
