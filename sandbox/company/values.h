#pragma once
// Reads values and fields of the company as texts, times, ids and numbers.

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include "sandbox/company/company.h"

namespace crmpulse::sandbox {

[[nodiscard]] bool is_null(const Value& value);
[[nodiscard]] std::string text_of(const Value& value);  ///< empty unless it is text
[[nodiscard]] std::optional<TimePoint> time_of(const Value& value);
[[nodiscard]] RecordId id_of(const Value& value);  ///< 0: null
[[nodiscard]] bool truth_of(const Value& value);   ///< null is false
[[nodiscard]] std::string number_text(double number);
/// Returns the number if the whole text is one.
template <class Number>
[[nodiscard]] std::optional<Number> number_from(std::string_view text, int base = 10) {
  Number number{};
  std::from_chars_result read{};
  if constexpr (std::integral<Number>)
    read = std::from_chars(text.data(), text.data() + text.size(), number, base);
  else
    read = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = read.ec == std::errc{} && read.ptr == text.data() + text.size();
  return whole ? std::optional{number} : std::nullopt;
}
[[nodiscard]] std::string date_text(TimePoint time);
/// Returns a field of a record as text, empty if it is null.
[[nodiscard]] std::string text_field(const Record& record, std::string_view canonical);
/// Returns seconds from one canonical time to another, nullopt if one is null.
[[nodiscard]] std::optional<double> seconds_between(const Record& record, std::string_view from, std::string_view to);

}  // namespace crmpulse::sandbox
