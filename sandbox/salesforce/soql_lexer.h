#pragma once
// SOQL in tokens; private to soql.cpp.

#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"

namespace crmpulse::sandbox {

struct SoqlToken {
  enum class Type { word, number, text, symbol, end };
  Type type = Type::end;
  std::string text;   ///< a text without quotes and escapes (but `\%` and `\_`, which LIKE reads); a word as written
  std::string upper;  ///< of words and symbols
  std::size_t at = 0;
};

/// The last one is the end. Error: a character that has no place in SOQL, or a text that does not end.
[[nodiscard]] Result<std::vector<SoqlToken>> soql_tokens(std::string_view text);

}  // namespace crmpulse::sandbox
