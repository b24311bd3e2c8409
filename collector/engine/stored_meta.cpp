#include "collector/engine/stored_meta.h"

#include <cstdlib>

namespace crmpulse::collector {

Result<std::int64_t> stored_number(store::Database& database, const std::string& name) {
  const auto text = store::get_meta(database, name);
  if (!text) return text.error();
  return std::strtoll(text->value_or("0").c_str(), nullptr, 10);
}

Result<std::optional<TimePoint>> stored_time(store::Database& database, const std::string& name) {
  const auto text = store::get_meta(database, name);
  if (!text) return text.error();
  if (!*text) return std::optional<TimePoint>{};
  const auto time = parse_time(**text);
  return time ? std::optional{*time} : std::nullopt;
}

}  // namespace crmpulse::collector
