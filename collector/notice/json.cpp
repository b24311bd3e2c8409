#include "collector/notice/json.h"

#include "core/failure/failure.h"
#include "core/text/printable.h"

namespace crmpulse::collector {

namespace json = boost::json;

std::string text_at(const json::object& object, std::string_view key, std::size_t most) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? one_line(value->get_string(), most) : std::string{};
}

std::string name_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? one_line(printable_name(value->get_string()), kMaxName)
                                                : std::string{};
}

const json::object* object_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* array_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_array();
}

std::optional<double> number_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

std::optional<TimePoint> time_at(const json::object& object, std::string_view key) {
  auto time = parse_time(text_at(object, key));
  return time ? std::optional{*time} : std::nullopt;
}

std::string in_language(const json::object* texts, Language language, std::size_t most) {
  if (texts == nullptr) return {};
  std::string text = text_at(*texts, language == Language::zh ? "zh" : "en", most);
  return text.empty() ? text_at(*texts, language == Language::zh ? "en" : "zh", most) : text;
}

std::optional<Level> level_named(std::string_view name) {
  for (const Level level : {Level::healthy, Level::sub_healthy, Level::poor}) {
    if (name == to_string(level)) return level;
  }
  return std::nullopt;
}

}  // namespace crmpulse::collector
