#include "sandbox/expression/parser.h"

#include <array>
#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace crmpulse::sandbox;
using namespace crmpulse::sandbox::expression;

namespace {

bool in_word(char c) {
  return ascii::is_letter(c) || ascii::is_digit(c);
}
std::string escaped(char c) {
  return c == 'x' ? std::string{} : std::string{c};
}
Refusal flawed(Flaw flaw, char c, std::size_t at) {
  return {{}, std::string{c}, flaw == Flaw::escape ? "escape" : flaw == Flaw::open_text ? "open" : "character", {}, at};
}

constexpr std::array<std::string_view, 1> kSymbols{"<="};
constexpr Lexicon kLexicon{
    .begins_word = in_word, .in_word = in_word, .ignores_case = true, .escape = '\\', .escaped = escaped};
constexpr Lexicon kStrict{.begins_word = in_word,
                          .in_word = in_word,
                          .in_number = ascii::is_digit,
                          .follows_sign = ascii::is_digit,
                          .signs = "-",
                          .counted_words = true,
                          .escape = '\\',
                          .escaped = escaped,
                          .symbols = kSymbols,
                          .single_symbols = "<",
                          .refuse = flawed};
constexpr std::array kByPower{Joint{"or", 1, Condition::Kind::any}, Joint{"and", 2, Condition::Kind::all}};
constexpr std::array kLeftToRight{Joint{"or", 1, Condition::Kind::any}, Joint{"and", 1, Condition::Kind::all}};

/// A comparison is a word.
class Words : public Parser<Condition> {
 public:
  Words(std::string_view text, const Grammar& grammar) : Parser(text, kLexicon, grammar) {}

 private:
  Condition comparison() override {
    if (peek().kind != Token::Kind::word) refuse_missing("word");
    Condition condition;
    condition.kind = Condition::Kind::compare;
    condition.field = take().text;
    return condition;
  }
  [[noreturn]] void refuse_missing(std::string_view word) const override {
    throw Refusal{{}, word.empty() ? "row" : std::string{word}, {}, {}, peek().at};
  }
  [[noreturn]] void refuse_depth() const override { throw Refusal{Refusal::Kind::too_much, "deep", {}, {}, 0}; }
};

std::string shown(const Condition& condition) {
  if (condition.kind == Condition::Kind::compare) return condition.field;
  std::string out = condition.kind == Condition::Kind::all ? "all" : "any";
  if (condition.kind == Condition::Kind::none) out = "none";
  for (const Condition& child : condition.children) out += " " + shown(child);
  return "(" + out + ")";
}

std::string read(std::string_view text, const Grammar& grammar) {
  const auto condition = understood([&] { return Words{text, grammar}.expression(); });
  return condition ? shown(*condition) : condition.error().name + " at " + std::to_string(condition.error().at);
}

std::string flaw(std::string_view text) {
  const auto tokens = understood([&] { return tokens_of(text, kStrict); });
  return tokens ? "none" : tokens.error().clause + " at " + std::to_string(tokens.error().at);
}

}  // namespace

TEST_CASE("what binds more strongly is joined first, and brackets come before it") {
  constexpr Grammar kGrammar{kByPower, "not"};
  CHECK(read("a", kGrammar) == "a");
  CHECK(read("a or b and c or d", kGrammar) == "(any a (all b c) d)");
  CHECK(read("a and b or c and d and e", kGrammar) == "(any (all a b) (all c d e))");
  CHECK(read("a AND (b Or c)", kGrammar) == "(all a (any b c))");
  CHECK(read("not a and not (b or not c)", kGrammar) == "(all (none a) (none (any b (none c))))");
  CHECK(read("a or", kGrammar) == "word at 4");
  CHECK(read("(a or b", kGrammar) == ") at 7");
}

TEST_CASE("words of one strength are read from left to right") {
  CHECK(read("a and b or c and d", Grammar{kLeftToRight}) == "(all (any (all a b) c) d)");
}

TEST_CASE("a language may want brackets where words mix, or for every third operand") {
  constexpr Grammar kAlike{kLeftToRight, "not", Mixing::alike};
  CHECK(read("a and b and c", kAlike) == "(all a b c)");
  CHECK(read("a and b or c", kAlike) == "row at 8");
  CHECK(read("(a and b) or c", kAlike) == "(any (all a b) c)");
  constexpr Grammar kPairs{kLeftToRight, "not", Mixing::pairs};
  CHECK(read("a and b", kPairs) == "(all a b)");
  CHECK(read("a and b and c", kPairs) == "row at 8");
  CHECK(read("a and (b and c)", kPairs) == "(all a (all b c))");
}

TEST_CASE("an expression is only so deep, by brackets and by negations") {
  constexpr Grammar kGrammar{kByPower, "not", Mixing::any, 5};
  CHECK(read("((((a))))", kGrammar) == "a");
  CHECK(read("(((((a)))))", kGrammar) == "deep at 0");
  CHECK(read(std::string(40'000, '('), kGrammar) == "deep at 0");
  std::string negations;
  for (int i = 0; i < 40'000; ++i) negations += "not ";
  CHECK(read(negations + "a", kGrammar) == "deep at 0");
}

TEST_CASE("tokens are words, numbers, texts and symbols, each with its place") {
  const auto tokens = tokens_of("ab:30 -5 <= 'it\\'s' <", kStrict);
  REQUIRE(tokens.size() == 6);
  CHECK(tokens[0].text == "ab:30");
  CHECK(tokens[1].kind == Token::Kind::number);
  CHECK(tokens[1].text == "-5");
  CHECK(tokens[2].text == "<=");
  CHECK(tokens[3].kind == Token::Kind::text);
  CHECK(tokens[3].text == "it's");
  CHECK(tokens[4].text == "<");
  CHECK(tokens[4].at == 20);
  CHECK(tokens[5].kind == Token::Kind::end);
  CHECK(tokens[5].at == 21);
}

TEST_CASE("a character, an escape or an open text is refused where the language says so") {
  CHECK(flaw("ab ~") == "character at 3");
  CHECK(flaw("'a\\x'") == "escape at 3");
  CHECK(flaw("ab 'a") == "open at 3");
  CHECK(flaw("ab 'a\\") == "open at 3");
  const auto lenient = tokens_of("~ 'a", kLexicon);
  REQUIRE(lenient.size() == 3);
  CHECK(lenient[0].kind == Token::Kind::symbol);
  CHECK(lenient[1].kind == Token::Kind::symbol);
  CHECK(lenient[1].text == "'");
}
