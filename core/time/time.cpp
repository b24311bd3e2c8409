#include "core/time/time.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace crmpulse {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t millis;
};
// Longest first: what format_duration prefers. `ms` stands before `m` for the parser's sake too.
constexpr std::array kUnits{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"ms", 1}, Unit{"m", 60'000},
                            Unit{"s", 1'000}};
constexpr std::int64_t kMaxMillis = 100LL * 366 * 86'400'000;  // a century: more is a slip of the pen

const Unit* unit_at(std::string_view text) {
  for (std::string_view name : {"ms", "d", "h", "m", "s"}) {
    if (!text.starts_with(name)) continue;
    for (const Unit& unit : kUnits) {
      if (unit.name == name) return &unit;
    }
  }
  return nullptr;
}

Error bad_duration(std::string_view text) {
  return Error{fmt::format("'{}' is not a duration; write for example 500ms, 30s, 5m, 24h or 7d", text)};
}

bool digits(std::string_view text, std::size_t from, std::size_t count, int& value) {
  if (from + count > text.size()) return false;
  value = 0;
  for (std::size_t i = from; i < from + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  return true;
}

Error bad_time(std::string_view text) {
  return Error{fmt::format("'{}' is not a time; write it as 2026-11-21T09:00:00Z", text)};
}

/// Reads `Z` or `+hh:mm` at `position`; the whole rest must be it.
std::optional<std::chrono::minutes> parse_offset(std::string_view text, std::size_t position) {
  if (position + 1 == text.size() && (text[position] == 'Z' || text[position] == 'z')) return std::chrono::minutes{0};
  int hours = 0;
  int minutes = 0;
  if (position + 6 != text.size() || (text[position] != '+' && text[position] != '-') || text[position + 3] != ':' ||
      !digits(text, position + 1, 2, hours) || !digits(text, position + 4, 2, minutes) || hours > 23 || minutes > 59) {
    return std::nullopt;
  }
  const std::chrono::minutes offset{hours * 60 + minutes};
  return text[position] == '-' ? -offset : offset;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  std::string_view rest = text;
  std::int64_t total = 0;
  if (rest.empty()) return bad_duration(text);
  while (!rest.empty()) {
    std::int64_t amount = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), amount);
    if (error != std::errc{} || amount < 0 || amount > kMaxMillis) return bad_duration(text);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const Unit* unit = unit_at(rest);
    if (unit == nullptr) {
      if (rest.empty() && amount == 0 && text == "0") return Duration{0};
      return bad_duration(text);
    }
    rest.remove_prefix(unit->name.size());
    if (amount > kMaxMillis / unit->millis) return bad_duration(text);
    total += amount * unit->millis;
    if (total > kMaxMillis) return bad_duration(text);
  }
  return Duration{total};
}

std::string format_duration(Duration duration) {
  std::int64_t millis = duration.count();
  if (millis == 0) return "0s";
  std::string out;
  if (millis < 0) {
    out = "-";
    millis = -millis;
  }
  constexpr std::array kOrder{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000},
                              Unit{"ms", 1}};
  for (const Unit& unit : kOrder) {
    if (millis < unit.millis) continue;
    out += fmt::format("{}{}", millis / unit.millis, unit.name);
    millis %= unit.millis;
  }
  return out;
}

Result<TimePoint> parse_time(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const bool shape = text.size() >= 20 && text[4] == '-' && text[7] == '-' &&
                     (text[10] == 'T' || text[10] == 't' || text[10] == ' ') && text[13] == ':' && text[16] == ':' &&
                     digits(text, 0, 4, year) && digits(text, 5, 2, month) && digits(text, 8, 2, day) &&
                     digits(text, 11, 2, hour) && digits(text, 14, 2, minute) && digits(text, 17, 2, second);
  if (!shape) return bad_time(text);
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return bad_time(text);
  std::size_t position = 19;
  std::int64_t millis = 0;
  if (text[position] == '.') {
    std::int64_t scale = 100;
    std::size_t count = 0;
    for (++position; position < text.size() && text[position] >= '0' && text[position] <= '9'; ++position, ++count) {
      millis += (text[position] - '0') * scale;
      scale /= 10;
    }
    if (count == 0) return bad_time(text);
  }
  if (position >= text.size()) return bad_time(text);
  const auto offset = parse_offset(text, position);
  if (!offset) return bad_time(text);
  const auto instant = std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
                       std::chrono::seconds{second};
  return TimePoint{instant.time_since_epoch()} + Duration{millis} - *offset;
}

std::string format_time(TimePoint time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss<Duration> clock{time - day};
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds().count() != 0) out += fmt::format(".{:03}", clock.subseconds().count());
  return out + 'Z';
}

}  // namespace crmpulse
