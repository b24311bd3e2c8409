#pragma once
// Names the dimensions of a CRM's health for people. Rules may judge others, of somebody's own: those have no names.

#include <span>
#include <string_view>

#include "core/words/language.h"

namespace crmpulse {

struct DimensionName {
  std::string_view id;  ///< `latency`
  std::string_view en;  ///< `response time`
  std::string_view zh;  ///< 响应时间
};

[[nodiscard]] std::span<const DimensionName> dimensions();
/// Returns null if it is not one of them.
[[nodiscard]] const DimensionName* find_dimension(std::string_view id);
/// Returns its name in the language, an empty text if it is not one of them.
[[nodiscard]] std::string_view dimension_name(std::string_view id, Language language);

}  // namespace crmpulse
