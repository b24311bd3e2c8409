#include "sandbox/salesforce/soql_lexer.h"

#include <fmt/format.h>

#include "core/text/ascii.h"

namespace crmpulse::sandbox {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<SoqlToken>> run() {
    std::vector<SoqlToken> out;
    for (;;) {
      while (at_ < text_.size() && std::string_view{" \t\r\n"}.find(text_[at_]) != std::string_view::npos) ++at_;
      if (at_ >= text_.size()) break;
      auto token = next();
      if (!token) return token.error();
      out.push_back(std::move(token.value()));
    }
    out.push_back({SoqlToken::Type::end, {}, {}, text_.size()});
    return out;
  }

 private:
  template <class Fits>
  std::string while_fits(Fits fits) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && fits(text_[at_])) ++at_;
    return std::string{text_.substr(begin, at_ - begin)};
  }

  Result<SoqlToken> next() {
    const std::size_t begin = at_;
    const char first = text_[at_];
    if (is_letter(first)) return word();
    const bool sign = first == '-' || first == '+';
    if (is_digit(first) || (sign && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
      ++at_;
      // Numbers, dates and times alike: 12.5, 2026-11-20, 2026-11-20T00:00:00+01:00.
      std::string rest = while_fits(
          [](char c) { return is_digit(c) || is_letter(c) || c == '.' || c == ':' || c == '-' || c == '+'; });
      return SoqlToken{SoqlToken::Type::number, first + rest, {}, begin};
    }
    if (first == '\'') return text();
    for (const std::string_view symbol : {"!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ","}) {
      if (text_.substr(at_, symbol.size()) != symbol) continue;
      at_ += symbol.size();
      return SoqlToken{SoqlToken::Type::symbol, std::string{symbol}, std::string{symbol}, begin};
    }
    return Error{fmt::format("line 1:{} no viable alternative at character '{}'", at_, first)};
  }

  SoqlToken word() {
    const std::size_t begin = at_;
    std::string name = while_fits([](char c) { return is_letter(c) || is_digit(c) || c == '.'; });
    // LAST_N_DAYS:30
    if (at_ + 1 < text_.size() && text_[at_] == ':' && is_digit(text_[at_ + 1])) {
      ++at_;
      name += ":" + while_fits(is_digit);
    }
    return {SoqlToken::Type::word, name, ascii::upper(name), begin};
  }

  Result<SoqlToken> text() {
    const std::size_t begin = at_++;
    SoqlToken token{SoqlToken::Type::text, {}, {}, begin};
    while (at_ < text_.size() && text_[at_] != '\'') {
      if (text_[at_] != '\\') {
        token.text.push_back(text_[at_++]);
        continue;
      }
      if (at_ + 1 >= text_.size()) break;
      const char escaped = text_[at_ + 1];
      at_ += 2;
      static constexpr std::string_view kLetters = "nrtbfNRTBF";
      static constexpr std::string_view kMeant = "\n\r\t\b\f\n\r\t\b\f";
      if (const std::size_t place = kLetters.find(escaped); place != std::string_view::npos)
        token.text.push_back(kMeant[place]);
      else if (escaped == '%' || escaped == '_')
        token.text += {'\\', escaped};
      else if (escaped == '\'' || escaped == '"' || escaped == '\\')
        token.text.push_back(escaped);
      else
        return Error{fmt::format("invalid string literal: illegal character sequence '\\{}'", escaped)};
    }
    if (at_ >= text_.size()) return Error{"line 1: mismatched character '<EOF>' expecting '''"};
    ++at_;
    return token;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<SoqlToken>> soql_tokens(std::string_view text) {
  return Lexer{text}.run();
}

}  // namespace crmpulse::sandbox
