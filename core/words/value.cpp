#include "core/words/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace crmpulse {
namespace {

constexpr int kDigits = 4;
constexpr int kMostDigits = 9;
constexpr double kMinute = 60;
constexpr double kHour = 3600;
constexpr double kDay = 86'400;
constexpr double kWholeDays = 10 * kDay;   ///< from here on hours are not told
constexpr double kInDays = 2 * kDay;       ///< `36 h`, but `2 d 2 h`
constexpr double kWholeMinutes = 10 * 60;  ///< from here on seconds are not told
constexpr double kInSeconds = kMinute;     ///< `45 s`, but `1 min 35 s`
constexpr double kMostTime = 1e9 * kDay;   ///< beyond, no clock counts

/// Significant digits, never an exponent; thousands apart from 1,000 on.
std::string number_text(double value, int digits) {
  if (!std::isfinite(value)) return "?";
  if (std::abs(value) < 1e-12) return "0";
  const int before = static_cast<int>(std::floor(std::log10(std::abs(value)))) + 1;
  std::string text = fmt::format("{:.{}f}", value, std::clamp(digits - before, 0, 15));
  if (const std::size_t point = text.find('.'); point != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  const std::size_t whole = std::min(text.find('.'), text.size());
  const std::size_t sign = text.front() == '-' ? 1 : 0;
  for (std::size_t at = whole; at > sign + 3;) text.insert(at -= 3, ",");
  return text;
}

/// The value as number_text() rounds it.
double rounded(double value, int digits) {
  if (value == 0) return 0;
  const double scale = std::pow(10.0, digits - 1 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

std::string with_unit(double number, int digits, Language language, std::string_view en, std::string_view zh) {
  return fmt::format("{} {}", number_text(number, digits), language == Language::zh ? zh : en);
}

/// `3 h 40 min`: whole units, the largest first. Each further digit is the next finer unit, then tenths of a second.
std::string long_time(double seconds, Language language, int digits) {
  constexpr std::array<double, 4> kGrains{kDay, kHour, kMinute, 1};
  const std::size_t coarsest = seconds < kWholeMinutes ? 3 : seconds < kInDays ? 2 : seconds < kWholeDays ? 1 : 0;
  const std::size_t fine = coarsest + static_cast<std::size_t>(std::max(0, digits - kDigits));
  const double grain = fine < kGrains.size() ? kGrains[fine] : std::pow(10.0, 3 - static_cast<double>(fine));
  double left = std::round(seconds / grain) * grain;
  struct Part {
    double size;
    std::string_view en;
    std::string_view zh;
  };
  constexpr std::array kParts{Part{kDay, "d", "天"}, Part{kHour, "h", "小时"}, Part{kMinute, "min", "分钟"}};
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : " ") + part; };
  const bool days = left >= kInDays;
  for (const Part& part : kParts) {
    if (part.size == kDay && !days) continue;
    const double whole = std::floor(left / part.size + 1e-9);
    if (whole < 1) continue;
    left = std::max(0.0, left - whole * part.size);
    add(with_unit(whole, 15, language, part.en, part.zh));
  }
  if (left > grain / 2) add(with_unit(std::round(left / grain) * grain, 12, language, "s", "秒"));
  return text;
}

std::string time_text(double size, Language language, int digits) {
  if (size < 1e-9) return language == Language::zh ? "0 秒" : "0 s";
  const int few = std::max(2, digits - 1);
  if (rounded(size * 1000, few) < 1000) return with_unit(size * 1000, few, language, "ms", "毫秒");
  if (rounded(size, few) < kInSeconds) return with_unit(size, few, language, "s", "秒");
  if (size > kMostTime) return with_unit(size / kDay, digits, language, "d", "天");
  return long_time(size, language, digits);
}

std::string seconds_text(double seconds, Language language, int digits) {
  if (!std::isfinite(seconds)) return "?";
  const std::string text = time_text(std::abs(seconds), language, digits);
  if (seconds >= -1e-9) return text;
  return language == Language::zh ? "还有 " + text : text + " to go";
}

std::string bytes_text(double bytes, int digits) {
  constexpr std::array<std::string_view, 5> kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (unit + 1 < kUnits.size() && std::abs(bytes) >= 1024) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{} {}", number_text(bytes, digits), kUnits[unit]);
}

/// In seconds, of units that are times; else 0.
double seconds_in(std::string_view unit) {
  if (unit == "seconds" || unit == "s") return 1;
  if (unit == "milliseconds" || unit == "ms") return 0.001;
  if (unit == "minutes" || unit == "min") return kMinute;
  if (unit == "hours" || unit == "h") return kHour;
  return unit == "days" || unit == "d" ? kDay : 0;
}

}  // namespace

std::string value_text(double value, std::string_view unit, Language language, int digits) {
  if (const double scale = seconds_in(unit); scale > 0) return seconds_text(value * scale, language, digits);
  if (unit == "ratio") return number_text(value * 100, digits) + "%";
  if (unit == "percent" || unit == "%") return number_text(value, digits) + "%";
  if (unit == "bytes") return bytes_text(value, digits);
  if (unit.empty() || unit == "count") return number_text(value, digits);
  if (unit == "burn_rate")
    return in_words(language, "{} times the allowed rate", "允许速度的 {} 倍", number_text(value, digits));
  return fmt::format("{} {}", number_text(value, digits), unit);
}

int digits_beside(double value, std::span<const double> lines, std::string_view unit) {
  for (int digits = kDigits; digits <= kMostDigits; ++digits) {
    const std::string told = value_text(value, unit, Language::en, digits);
    const bool apart = std::all_of(lines.begin(), lines.end(), [&](double line) {
      return line == value || value_text(line, unit, Language::en, digits) != told;
    });
    if (apart) return digits;
  }
  return 0;
}

std::string value_beside(double value, std::span<const double> lines, std::string_view unit, Language language) {
  if (const int digits = digits_beside(value, lines, unit); digits > 0)
    return value_text(value, unit, language, digits);
  const auto nearest = std::min_element(lines.begin(), lines.end(),
                                        [&](double a, double b) { return std::abs(a - value) < std::abs(b - value); });
  const std::string line = value_text(*nearest, unit, language);
  return value < *nearest ? in_words(language, "just under {}", "略低于 {}", line)
                          : in_words(language, "just over {}", "略高于 {}", line);
}

}  // namespace crmpulse
