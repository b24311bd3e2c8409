#include "sandbox/expression/lexer.h"

#include "core/text/ascii.h"

namespace crmpulse::sandbox::expression {
namespace {

class Lexer {
 public:
  Lexer(std::string_view text, const Lexicon& lexicon) : text_(text), lexicon_(lexicon) {}

  std::vector<Token> run() {
    std::vector<Token> tokens;
    for (;;) {
      (void)take_while([this](char c) { return lexicon_.blanks.find(c) != std::string_view::npos; });
      if (at_ >= text_.size()) break;
      tokens.push_back(next());
    }
    tokens.push_back({Token::Kind::end, {}, text_.size()});
    return tokens;
  }

 private:
  template <class Fits>
  std::string take_while(Fits fits) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && fits(text_[at_])) ++at_;
    return std::string{text_.substr(begin, at_ - begin)};
  }
  [[nodiscard]] char second() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : '\0'; }

  Token next() {
    const std::size_t begin = at_;
    const char first = text_[at_];
    if (first == '\'' && lexicon_.escape != '\0') return quoted();
    const bool sign = lexicon_.signs.find(first) != std::string_view::npos && lexicon_.follows_sign(second());
    if (lexicon_.in_number != nullptr && (sign || ascii::is_digit(first))) {
      ++at_;
      return {Token::Kind::number, first + take_while(lexicon_.in_number), begin};
    }
    return lexicon_.begins_word(first) ? word() : symbol();
  }

  Token word() {
    Token token{Token::Kind::word, {}, at_};
    token.text = take_while(lexicon_.in_word);
    if (!lexicon_.counted_words || at_ >= text_.size() || text_[at_] != ':' || !ascii::is_digit(second())) return token;
    ++at_;
    token.text += ":" + take_while(ascii::is_digit);
    return token;
  }

  Token symbol() {
    const std::size_t begin = at_;
    for (const std::string_view symbol : lexicon_.symbols) {
      if (text_.substr(at_, symbol.size()) != symbol) continue;
      at_ += symbol.size();
      return {Token::Kind::symbol, std::string{symbol}, begin};
    }
    const char c = text_[at_++];
    const bool known = lexicon_.single_symbols.empty() || lexicon_.single_symbols.find(c) != std::string_view::npos;
    if (!known) throw lexicon_.refuse(Flaw::character, c, begin);
    return {Token::Kind::symbol, std::string{c}, begin};
  }

  Token quoted() {
    Token token{Token::Kind::text, {}, at_++};
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      const bool escapes = c == lexicon_.escape && at_ + 1 < text_.size() && (c != '\'' || second() == '\'');
      if (escapes) {
        const std::string meant = lexicon_.escaped(text_[++at_]);
        if (meant.empty()) throw lexicon_.refuse(Flaw::escape, text_[at_], at_);
        token.text += meant;
      } else if (c == '\'') {
        ++at_;
        return token;
      } else {
        token.text.push_back(c);
      }
    }
    if (lexicon_.refuse != nullptr) throw lexicon_.refuse(Flaw::open_text, '\'', token.at);
    return {Token::Kind::symbol, "'", token.at};
  }

  std::string_view text_;
  const Lexicon& lexicon_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view text, const Lexicon& lexicon) {
  return Lexer{text, lexicon}.run();
}

}  // namespace crmpulse::sandbox::expression
