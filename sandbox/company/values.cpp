#include "sandbox/company/values.h"

#include <fmt/format.h>

namespace crmpulse::sandbox {

bool is_null(const Value& value) {
  return std::holds_alternative<std::monostate>(value);
}

std::string text_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : std::string{};
}

std::optional<TimePoint> time_of(const Value& value) {
  const auto* time = std::get_if<TimePoint>(&value);
  return time != nullptr ? std::optional{*time} : std::nullopt;
}

RecordId id_of(const Value& value) {
  const auto* number = std::get_if<double>(&value);
  return number != nullptr ? static_cast<RecordId>(*number) : 0;
}

bool truth_of(const Value& value) {
  const auto* truth = std::get_if<bool>(&value);
  return truth != nullptr && *truth;
}

std::string number_text(double number) {
  return fmt::format("{}", number);
}

std::string date_text(TimePoint time) {
  return format_time(std::chrono::floor<std::chrono::days>(time)).substr(0, 10);
}

std::string text_field(const Record& record, std::string_view canonical) {
  return text_of(field(record, canonical));
}

std::optional<double> seconds_between(const Record& record, std::string_view from, std::string_view to) {
  const auto begin = time_of(field(record, from));
  const auto end = time_of(field(record, to));
  if (!begin || !end) return std::nullopt;
  return to_seconds(*end - *begin);
}

}  // namespace crmpulse::sandbox
