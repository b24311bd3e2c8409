#pragma once
// In which language this program speaks to whoever runs it.

#include <string_view>

#include "core/words/language.h"

namespace crmpulse {

/// Returns the language that is named (`en`, `zh`), else that of LC_ALL, LC_MESSAGES or LANG; English if none says
/// Chinese.
[[nodiscard]] Language spoken_language(std::string_view named);

}  // namespace crmpulse
