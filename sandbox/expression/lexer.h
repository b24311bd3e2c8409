#pragma once
// Splits a query into tokens: one lexer for SOQL, COQL, OData and Zoho's criteria, each with a lexicon of its own.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/expression/refusal.h"

namespace crmpulse::sandbox::expression {

struct Token {
  enum class Kind { end, word, number, text, symbol };
  Kind kind = Kind::end;
  std::string text;    ///< a text without quotes and escapes; everything else as written
  std::size_t at = 0;  ///< offset in the query
};

/// What is wrong with a character: it has no place in the language, it follows a backslash that may not stand before
/// it, or it opens a text that does not end.
enum class Flaw { character, escape, open_text };

/// What a language calls a word, a number, a text and a symbol.
struct Lexicon {
  using Is = bool (*)(char);
  std::string_view blanks = " \t\r\n";
  Is begins_word = nullptr;
  Is in_word = nullptr;
  Is in_number = nullptr;       ///< null: there are no numbers, digits begin words
  Is follows_sign = nullptr;    ///< after one of `signs`, makes a number of both
  std::string_view signs = {};  ///< of numbers
  bool counted_words = false;   ///< `LAST_N_DAYS:30` is one word
  bool ignores_case = false;    ///< of keywords
  char escape = '\0';           ///< in a text: a backslash, or a second quote; none: there are no texts
  /// What an escaped character stands for; empty: it may not be escaped.
  std::string (*escaped)(char) = nullptr;
  std::span<const std::string_view> symbols = {};  ///< of more than one character
  std::string_view single_symbols = {};            ///< empty: every other character is a symbol
  /// Words a flaw; null: what is flawed is a symbol.
  Refusal (*refuse)(Flaw, char, std::size_t at) = nullptr;
};

/// Returns the tokens of `text`, the last of which is the end. Throws a Refusal if the lexicon refuses flaws.
[[nodiscard]] std::vector<Token> tokens_of(std::string_view text, const Lexicon& lexicon);

}  // namespace crmpulse::sandbox::expression
