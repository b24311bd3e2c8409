#pragma once
// Texts in the languages people read.

#include <string>
#include <string_view>
#include <tuple>

#include "core/fields.h"
#include "core/words/language.h"

namespace crmpulse::collector {

using crmpulse::Language;

struct Bilingual {
  std::string en;
  std::string zh;
  static constexpr auto fields() { return std::tuple{Field{1, &Bilingual::en}, Field{2, &Bilingual::zh}}; }
};

/// Returns the text in this language, in the other one where it has only that.
[[nodiscard]] inline const std::string& in_language(const Bilingual& text, Language language) {
  const std::string& own = language == Language::zh ? text.zh : text.en;
  const std::string& other = language == Language::zh ? text.en : text.zh;
  return own.empty() ? other : own;
}

/// Returns what stands between a name and its value.
[[nodiscard]] constexpr std::string_view colon(Language language) {
  return language == Language::zh ? "：" : ": ";
}

}  // namespace crmpulse::collector
