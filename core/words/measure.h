#pragma once
// What a rule measured, as people say it: `3 checks in a row failed (poor from 3)`, `response time 4.1 s (poor from
// 3 s)`. The one place that words values for messages, timelines, pages, backtests and the agent's `probe`.

#include <array>
#include <string>
#include <string_view>

#include "core/words/language.h"

namespace crmpulse {

/// The newest value of a rule on one CRM, and its thresholds.
struct Measured {
  std::string_view rule;
  std::string_view dimension;
  std::string_view dimension_name;  ///< in the language of the text; empty: the dimension is somebody's own
  std::string_view metric;          ///< empty: not known, the rule's id has to do
  std::string_view aggregator;      ///< `p75`, `age`, …
  std::string_view unit;
  std::string_view of;  ///< of a rule that looks at several: the label value that is worst
  double value = 0;
  std::array<double, 2> lines{};  ///< sub-healthy, poor
  bool working_time = false;      ///< the value is an age of which only active hours count
};

/// The threshold that is told behind a value.
struct Passed {
  double line = 0;
  std::string_view level;  ///< `poor`, 不良
  bool below = false;      ///< a lower value is worse
};

/// The text in its two parts for layouts that set them apart, and as one piece of a sentence.
struct MeasureWords {
  std::string name;   ///< `response time`, `availability`
  std::string value;  ///< `4.1 s (poor from 3 s)`, `3 checks in a row failed (poor from 3)`
  std::string said;   ///< `response time 4.1 s (poor from 3 s)`, `3 checks in a row failed (poor from 3)`
};

/// Returns what the rule measures: `response time`, `share of slow calls`. Of a rule that is not one of the shipped:
/// its dimension, and the rest of its id in brackets.
[[nodiscard]] std::string measure_name(const Measured& measured, Language language);
/// Returns the value without a threshold: `4.1 s`, `3 checks in a row failed`.
[[nodiscard]] std::string measured_text(const Measured& measured, Language language);
/// Returns when a level is entered: `from 3 s`, `at 99% or less`, `once 3 checks in a row failed`. `measured.value` is
/// the threshold.
[[nodiscard]] std::string threshold_text(const Measured& measured, bool below, Language language);
[[nodiscard]] MeasureWords measure_words(const Measured& measured, const Passed& passed, Language language);

}  // namespace crmpulse
