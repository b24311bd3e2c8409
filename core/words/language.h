#pragma once
// The languages people read.

#include <fmt/format.h>

#include <string>
#include <utility>

namespace crmpulse {

/// Stored with messages by its number.
enum class Language { en = 0, zh = 1 };

[[nodiscard]] constexpr Language last(Language) {
  return Language::zh;
}

/// The format of the language, filled.
template <class... Args>
[[nodiscard]] std::string in_words(Language language, fmt::format_string<Args...> en, fmt::format_string<Args...> zh,
                                   Args&&... args) {
  return fmt::format(language == Language::zh ? zh : en, std::forward<Args>(args)...);
}

}  // namespace crmpulse
