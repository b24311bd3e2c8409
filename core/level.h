#pragma once
// Defines the levels of health and the status of data, with their names.

#include <string_view>

#include "core/words/language.h"

namespace crmpulse {

/// How bad a dimension or a CRM is. The numbers are exported (`crm_health_level`) and stored.
enum class Level : unsigned char { healthy = 0, sub_healthy = 1, poor = 2 };

[[nodiscard]] constexpr Level last(Level) {
  return Level::poor;
}

/// How far a state can be trusted.
enum class DataStatus : unsigned char { warming_up = 0, fresh = 1, stale = 2, no_data = 3 };

[[nodiscard]] constexpr DataStatus last(DataStatus) {
  return DataStatus::no_data;
}

[[nodiscard]] constexpr std::string_view to_string(Level level) {
  switch (level) {
    case Level::healthy: return "healthy";
    case Level::sub_healthy: return "sub_healthy";
    case Level::poor: return "poor";
  }
  return "poor";
}

[[nodiscard]] constexpr std::string_view to_string(DataStatus status) {
  switch (status) {
    case DataStatus::warming_up: return "warming_up";
    case DataStatus::fresh: return "fresh";
    case DataStatus::stale: return "stale";
    case DataStatus::no_data: return "no_data";
  }
  return "no_data";
}

/// What a person reads: 理想, 亚健康, 不良.
[[nodiscard]] constexpr std::string_view chinese(Level level) {
  switch (level) {
    case Level::healthy: return "理想";
    case Level::sub_healthy: return "亚健康";
    case Level::poor: return "不良";
  }
  return "不良";
}

/// As it stands in a sentence: `sub-healthy`, 亚健康.
[[nodiscard]] constexpr std::string_view spoken(Level level, Language language) {
  if (language == Language::zh) return chinese(level);
  return level == Level::sub_healthy ? "sub-healthy" : to_string(level);
}

}  // namespace crmpulse
