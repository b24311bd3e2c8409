// Values inside SQL texts.
#include <fmt/format.h>

#include <stdexcept>

#include "probes/template/parts.h"

namespace crmpulse::probes {
namespace {

/// Where in an SQL text we are: plain, or inside a quoted thing or a comment. Fed piece by piece.
class SqlScanner {
 public:
  explicit SqlScanner(bool backslash_escapes) : backslash_escapes_(backslash_escapes) {}
  void feed(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) i += step(text, i);
  }
  [[nodiscard]] bool plain() const { return inside_ == 0; }

 private:
  /// Looks at text[i]; returns how many more characters belong to it.
  std::size_t step(std::string_view text, std::size_t i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (inside_ == '-') {
      if (c == '\n') inside_ = 0;
    } else if (inside_ == '*') {
      if (c != '*' || next != '/') return 0;
      inside_ = 0;
      return 1;
    } else if (inside_ == '$') {
      if (text.substr(i).starts_with(dollar_tag_)) {
        inside_ = 0;
        return dollar_tag_.size() - 1;
      }
    } else if (inside_ != 0) {
      if (c == '\\' && backslash_escapes_ && inside_ != '`') return 1;
      // A doubled quote leaves and enters at once: the same in the end.
      if (c == inside_) inside_ = 0;
    } else {
      return enter(text, i, c, next);
    }
    return 0;
  }

  std::size_t enter(std::string_view text, std::size_t i, char c, char next) {
    if (c == '\'' || c == '"' || c == '`') inside_ = c;
    if (c == '#' && backslash_escapes_) inside_ = '-';
    if (c == '-' && next == '-') inside_ = '-';
    if (c == '/' && next == '*') {
      inside_ = '*';
      return 1;
    }
    if (c == '$') {
      const std::size_t end = text.find('$', i + 1);
      const std::string_view tag = end == std::string_view::npos ? std::string_view{} : text.substr(i + 1, end - i - 1);
      if (end == std::string_view::npos || !(tag.empty() || is_word(tag))) return 0;
      inside_ = '$';
      dollar_tag_ = text.substr(i, end - i + 1);
      return dollar_tag_.size() - 1;
    }
    return 0;
  }

  bool backslash_escapes_;
  char inside_ = 0;
  std::string dollar_tag_;
};

bool plain_at(const std::vector<Piece>& pieces, std::size_t index, bool backslash_escapes) {
  SqlScanner scanner{backslash_escapes};
  for (std::size_t i = 0; i < index; ++i)
    scanner.feed(pieces[i].name.empty() ? std::string_view{pieces[i].literal} : std::string_view{"x"});
  return scanner.plain();
}

}  // namespace

Result<std::string> sql_value(const Value& value, Dialect dialect) {
  switch (value.type) {
    case ParameterType::integer:
    case ParameterType::number: {
      // The blank keeps the sign from making a comment of `5 -${n}`.
      const std::string number = plain_number(value);
      return number.starts_with('-') ? " " + number : number;
    }
    case ParameterType::duration: return seconds_text(value.text);
    case ParameterType::identifier: return sql_identifier(value.text, dialect);
    case ParameterType::prefix: return value.text;
    case ParameterType::boolean: {
      const bool as_number = dialect == Dialect::sqlite || dialect == Dialect::odbc;
      const bool on = value.text == "true";
      return as_number ? (on ? "1" : "0") : (on ? "TRUE" : "FALSE");
    }
    case ParameterType::list: {
      std::string out;
      for (const std::string& item : value.items) {
        const Result<std::string> literal = sql_literal(item, dialect);
        if (!literal) return literal.error();
        out += (out.empty() ? "" : ", ") + *literal;
      }
      // `x IN ()` is not valid SQL; `x IN (NULL)` is never true.
      return out.empty() ? "NULL" : out;
    }
    case ParameterType::secret: throw std::logic_error("a secret in a query");
    default: return sql_literal(value.text, dialect);
  }
}

bool stands_plain(const std::vector<Piece>& pieces, std::size_t index, std::optional<Dialect> dialect) {
  // A backslash before a quote escapes it in MySQL and in PostgreSQL's E'': where it could be either, both must be
  // plain.
  if (dialect == Dialect::sqlite) return plain_at(pieces, index, false);
  return plain_at(pieces, index, false) && plain_at(pieces, index, true);
}

Result<std::string> sql_literal(std::string_view value, Dialect dialect) {
  if (value.find('\0') != std::string_view::npos) return Error{"a NUL character cannot stand in a query"};
  const bool has_backslash = value.find('\\') != std::string_view::npos;
  // Behind ODBC may stand a MySQL, where a backslash eats our closing quote, or anything else, where doubling it is
  // wrong.
  if (has_backslash && dialect == Dialect::odbc) return Error{"a backslash cannot stand in a query through ODBC"};
  const bool double_backslash = has_backslash && (dialect == Dialect::postgresql || dialect == Dialect::mysql);
  // E'' means the same whatever standard_conforming_strings says; the blank keeps it apart from a word before it.
  std::string out = double_backslash && dialect == Dialect::postgresql ? " E'" : "'";
  for (const char c : value) {
    if (c == '\'' || (c == '\\' && double_backslash)) out += c;
    out += c;
  }
  out += '\'';
  return out;
}

std::string sql_identifier(std::string_view dotted, Dialect dialect) {
  const char quote = dialect == Dialect::mysql ? '`' : '"';
  std::string out{quote};
  for (const char c : dotted) {
    if (c == '.') {
      out += quote;
      out += '.';
      out += quote;
    } else {
      if (c == quote) out += quote;
      out += c;
    }
  }
  return out + quote;
}

}  // namespace crmpulse::probes
