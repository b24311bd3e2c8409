#include "collector/engine/stored_meta.h"

#include <cstdlib>

#include "core/log.h"

namespace crmpulse::collector {

Result<std::optional<std::string>> intact_meta(store::Database& database, const std::string& name) {
  const auto intact = store::is_meta_intact(database, name);
  if (!intact) return intact.error();
  if (*intact) return store::get_meta(database, name);
  log::error("a stored value is damaged: its checksum does not match; it is left out", {{"value", name}});
  return std::optional<std::string>{};
}

Result<std::int64_t> stored_number(store::Database& database, const std::string& name) {
  const auto text = intact_meta(database, name);
  if (!text) return text.error();
  return std::strtoll(text->value_or("0").c_str(), nullptr, 10);
}

Result<std::optional<TimePoint>> stored_time(store::Database& database, const std::string& name) {
  const auto text = intact_meta(database, name);
  if (!text) return text.error();
  if (!*text) return std::optional<TimePoint>{};
  const auto time = parse_time(**text);
  return time ? std::optional{*time} : std::nullopt;
}

}  // namespace crmpulse::collector
