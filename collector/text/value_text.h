#pragma once
// Numbers, times and rules as a person reads them in a message.

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "collector/text/language.h"
#include "core/level.h"
#include "core/time/time.h"

namespace crmpulse::collector {

/// The format of the language, filled.
template <class... Args>
[[nodiscard]] std::string in_words(Language language, fmt::format_string<Args...> en, fmt::format_string<Args...> zh,
                                   Args&&... args) {
  return fmt::format(language == Language::zh ? zh : en, std::forward<Args>(args)...);
}

/// `4.1 s`, `2.5 min`, `99.93%`, `900,000`, `12 records/s`; a negative time lies ahead: `3 d to go`. Chinese: `4.1 秒`.
/// `digits` are the significant ones.
[[nodiscard]] std::string value_text(double value, std::string_view unit, Language language, int digits = 4);

/// Which way is worse. Stored with messages by its number.
enum class Worse { above = 0, below = 1 };
[[nodiscard]] constexpr Worse last(Worse) {
  return Worse::below;
}
/// `4.1 s (poor from 3 s)`, `98.2% (poor at 99% or less)`: `4.1 秒（不良阈值 ≥ 3 秒）`. When rounding would make both
/// numbers look the same, it gets more digits. `working_time`: nights and holidays are not in the value: who subtracts
/// two times would find another number.
[[nodiscard]] std::string against_threshold(double value, double threshold, Worse worse, Level level,
                                            std::string_view unit, Language language, bool working_time = false);

/// `09:10 UTC`, with its date when `at` is on another day than `now`.
[[nodiscard]] std::string moment_text(TimePoint at, TimePoint now);
/// `35 min`, `35 分钟`.
[[nodiscard]] std::string span_text(Duration span, Language language);

/// `09:10 UTC (35 min)`: the span only when it is worth saying.
[[nodiscard]] std::string since_text(TimePoint since, TimePoint at, Language language);

/// `35 min (09:10 UTC to 09:45 UTC)`
[[nodiscard]] std::string lasted_text(TimePoint since, TimePoint until, Language language);

/// What a rule measures: `response time`, `failed checks in a row`. Of a rule that is not one of the shipped: its
/// dimension, and the rest of its id in brackets.
[[nodiscard]] std::string rule_name(std::string_view rule, std::string_view dimension, Language language);

/// `POOR`, `SUB-HEALTHY`, `HEALTHY`; 不良, 亚健康, 理想.
[[nodiscard]] std::string_view level_words(Level level, Language language);

}  // namespace crmpulse::collector
