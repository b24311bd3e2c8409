#pragma once
// Levels in words. Numbers, times and rules are worded in core/words/.

#include <string_view>

#include "collector/text/language.h"
#include "core/level.h"
#include "core/words/clock.h"
#include "core/words/value.h"

namespace crmpulse::collector {

/// Which way is worse. Stored with messages by its number.
enum class Worse { above = 0, below = 1 };
[[nodiscard]] constexpr Worse last(Worse) {
  return Worse::below;
}

/// `POOR`, `SUB-HEALTHY`, `HEALTHY`; 不良, 亚健康, 理想.
[[nodiscard]] std::string_view level_words(Level level, Language language);

}  // namespace crmpulse::collector
