#include "net/base/backoff.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>

namespace crmpulse::net {
namespace {

constexpr Duration kShortestRetryAfter = std::chrono::seconds{1};
constexpr std::size_t kLongestHttpDate = 64;

struct HttpDate {
  int day = 0, year = 0, hour = 0, minute = 0, second = 0;
  std::array<char, 4> month{};
};

/// `text` has the form of `pattern` from its first to its last character.
template <class... Out>
bool scan(const std::string& text, const char* pattern, Out*... out) {
  int end = -1;
  std::sscanf(text.c_str(), pattern, out..., &end);
  return end >= 0 && static_cast<std::size_t>(end) == text.size();
}

/// The three forms RFC 9110 §5.6.7 has recipients accept.
bool scan_http_date(const std::string& text, HttpDate& date) {
  char* month = date.month.data();
  if (scan(text, "%*3[A-Za-z], %2d %3s %4d %2d:%2d:%2d GMT%n", &date.day, month, &date.year, &date.hour, &date.minute,
           &date.second))
    return true;
  if (scan(text, "%*3[A-Za-z] %3s %2d %2d:%2d:%2d %4d%n", month, &date.day, &date.hour, &date.minute, &date.second,
           &date.year))
    return true;
  if (!scan(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &date.day, month, &date.year, &date.hour,
            &date.minute, &date.second))
    return false;
  date.year += date.year < 70 ? 2000 : 1900;
  return true;
}

}  // namespace

std::optional<TimePoint> parse_http_date(std::string_view value) {
  if (value.size() > kLongestHttpDate) return std::nullopt;
  HttpDate date;
  if (!scan_http_date(std::string(value), date)) return std::nullopt;
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::size_t at = kMonths.find(date.month.data());
  if (at == std::string_view::npos || at % 3 != 0 || std::strlen(date.month.data()) != 3) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year{date.year},
                                        std::chrono::month{static_cast<unsigned>(at / 3 + 1)},
                                        std::chrono::day{static_cast<unsigned>(date.day)}};
  const auto outside = [](int number, int highest) { return number < 0 || number > highest; };
  if (!day.ok() || outside(date.hour, 23) || outside(date.minute, 59) || outside(date.second, 60)) return std::nullopt;
  return TimePoint{std::chrono::sys_days{day}} + std::chrono::hours{date.hour} + std::chrono::minutes{date.minute} +
         std::chrono::seconds{date.second};
}

Duration Backoff::next() {
  constexpr int kMostDoublings = 40;  // 2⁴⁰ ms are 34 years: beyond every cap, within the type
  Duration most = cap_;
  if (attempt_ < kMostDoublings && base_ < cap_ / (std::int64_t{1} << attempt_))
    most = base_ * (std::int64_t{1} << attempt_);
  attempt_ += 1;
  std::uniform_int_distribution<Duration::rep> wait(0, std::max<Duration::rep>(most.count(), 0));
  return std::max(Duration{wait(random_)}, std::min(floor_, cap_));
}

std::optional<Duration> parse_retry_after(std::string_view value, TimePoint now, Duration longest) {
  if (value.empty()) return std::nullopt;
  const bool digits = value.find_first_not_of("0123456789") == std::string_view::npos;
  if (digits) {
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error != std::errc{}) return longest;
    seconds = std::min<std::int64_t>(seconds, std::chrono::ceil<std::chrono::seconds>(longest).count());
    return std::clamp(Duration{std::chrono::seconds{seconds}}, kShortestRetryAfter, longest);
  }
  const auto date = parse_http_date(value);
  if (!date) return std::nullopt;
  return std::clamp(*date - now, kShortestRetryAfter, longest);
}

}  // namespace crmpulse::net
