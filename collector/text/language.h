#pragma once
// The languages people read.

#include <string>

namespace crmpulse::collector {

enum class Language { en, zh };

struct Bilingual {
  std::string en;
  std::string zh;
};

/// Returns the text in this language, in the other one where it has only that.
[[nodiscard]] inline const std::string& in_language(const Bilingual& text, Language language) {
  const std::string& own = language == Language::zh ? text.zh : text.en;
  const std::string& other = language == Language::zh ? text.en : text.zh;
  return own.empty() ? other : own;
}

}  // namespace crmpulse::collector
