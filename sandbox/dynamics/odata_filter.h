#pragma once
// Private to sandbox/dynamics/odata*.cpp: tokens and $filter expressions.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/vendor/fields.h"

namespace crmpulse::sandbox::odata {

struct Token {
  enum class Kind { end, word, text, symbol };
  Kind kind = Kind::end;
  std::string text;
};

/// Words run on over dots, colons, dashes and plus signs, so a date, a GUID and a qualified function are one.
[[nodiscard]] std::vector<Token> tokens_of(std::string_view text);

/// Reads one expression. The first thing wrong is kept; what follows it no longer counts.
class Reader {
 public:
  Reader(std::string_view text, const ObjectName& object, const Schema& schema, TimePoint now)
      : tokens_(tokens_of(text)), object_(object), schema_(schema), now_(now) {}
  Condition filter();  ///< `a eq 1 and (b ne null or contains(c,'x'))`
  [[nodiscard]] const Token& peek() const { return tokens_[at_]; }
  Token take() { return at_ + 1 < tokens_.size() ? tokens_[at_++] : tokens_[at_]; }
  bool skip(std::string_view word);
  void expect(std::string_view word);
  [[nodiscard]] bool at_end() const { return peek().kind == Token::Kind::end; }
  const FieldName* property(std::string_view name);
  void refuse(Refusal::Kind kind, std::string name, std::string message);
  std::optional<Refusal> refusal;

 private:
  Condition both();
  Condition operand();
  Condition comparison();
  Condition function(const std::string& name);
  Condition dataverse_function(const std::string& name);
  Value literal(const FieldName& field);

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  const ObjectName& object_;
  const Schema& schema_;
  TimePoint now_;
};

}  // namespace crmpulse::sandbox::odata
