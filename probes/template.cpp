#include "probes/template.h"

#include <fmt/format.h>

#include <random>

#include "config/reader.h"

namespace crmpulse::probes {
namespace {

bool is_name(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
                              std::string_view::npos;
}

std::string number_text(std::string_view text) {
  const Result<double> value = config::parse_number(text);
  return fmt::format("{}", value ? *value : 0);
}

std::string seconds_text(std::string_view text) {
  const Result<Duration> value = parse_duration(text);
  return fmt::format("{}", value ? to_seconds(*value) : 0);
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view{"-._~"}.find(c) != std::string_view::npos;
    out += plain ? std::string{c} : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return out;
}

std::string json_inner(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

Result<std::string> header_value(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return Error{"a control character cannot stand in a header"};
  }
  return {boost::system::in_place_value, text};
}

struct Value {
  ParameterType type = ParameterType::string;
  std::string text;
  std::vector<std::string> items;  ///< of a list
};

/// Whole numbers keep their digits; others lose a `%` and what a double cannot hold.
std::string plain_number(const Value& value) {
  return value.type == ParameterType::integer ? value.text : number_text(value.text);
}

Value value_of(const Values& values, const std::string& name) {
  if (name == kRunId) return {ParameterType::string, values.run_id, {}};
  if (name == kAgent) return {ParameterType::string, values.agent, {}};
  const Parameter* parameter = values.recipe.parameter(name);
  if (parameter == nullptr) throw std::logic_error("template names an unknown parameter: " + name);
  switch (parameter->type) {
    case ParameterType::secret: return {parameter->type, values.arguments.secret(name).reveal(), {}};
    case ParameterType::list: return {parameter->type, {}, values.arguments.list(name)};
    default: return {parameter->type, values.arguments.text(name), {}};
  }
}

Result<std::string> sql_value(const Value& value, Dialect dialect) {
  switch (value.type) {
    case ParameterType::integer:
    case ParameterType::number: {
      // The blank keeps the sign from making a comment of `5 -${n}`.
      const std::string number = plain_number(value);
      return {boost::system::in_place_value, number.starts_with('-') ? " " + number : number};
    }
    case ParameterType::duration: return {boost::system::in_place_value, seconds_text(value.text)};
    case ParameterType::identifier: return {boost::system::in_place_value, sql_identifier(value.text, dialect)};
    case ParameterType::prefix: return {boost::system::in_place_value, value.text};
    case ParameterType::boolean: {
      const bool as_number = dialect == Dialect::sqlite || dialect == Dialect::odbc;
      const bool on = value.text == "true";
      return {boost::system::in_place_value, as_number ? (on ? "1" : "0") : (on ? "TRUE" : "FALSE")};
    }
    case ParameterType::list: {
      std::string out;
      for (const std::string& item : value.items) {
        const Result<std::string> literal = sql_literal(item, dialect);
        if (!literal) return literal.error();
        out += (out.empty() ? "" : ", ") + *literal;
      }
      // `x IN ()` is no SQL; `x IN (NULL)` is never true.
      return {boost::system::in_place_value, out.empty() ? "NULL" : out};
    }
    case ParameterType::secret: throw std::logic_error("a secret in a query");
    default: return sql_literal(value.text, dialect);
  }
}

std::string plain_text(const Value& value, const std::function<std::string(std::string_view)>& encode) {
  switch (value.type) {
    case ParameterType::integer:
    case ParameterType::number: return plain_number(value);
    case ParameterType::duration: return seconds_text(value.text);
    case ParameterType::list: {
      std::string out;
      for (const std::string& item : value.items) out += (out.empty() ? "" : ",") + encode(item);
      return out;
    }
    default: return encode(value.text);
  }
}

Result<std::string> escaped(const Value& value, Place place, Dialect dialect, bool at_start) {
  switch (place) {
    case Place::sql: return sql_value(value, dialect);
    case Place::url:
      // A base URL, or the whole one: as it is.
      if (value.type == ParameterType::url && at_start) return {boost::system::in_place_value, value.text};
      return {boost::system::in_place_value, plain_text(value, percent_encoded)};
    case Place::json: return {boost::system::in_place_value, plain_text(value, json_inner)};
    case Place::header: return header_value(plain_text(value, [](std::string_view text) { return std::string{text}; }));
  }
  throw std::logic_error("unknown place of a template");
}

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
      if (end == std::string_view::npos || !(tag.empty() || is_name(tag))) return 0;
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

bool safe_inside_quotes(ParameterType type) {
  return type == ParameterType::integer || type == ParameterType::number || type == ParameterType::duration ||
         type == ParameterType::prefix || type == ParameterType::boolean;
}

bool plain_at(const std::vector<Piece>& pieces, std::size_t index, bool backslash_escapes) {
  SqlScanner scanner{backslash_escapes};
  for (std::size_t i = 0; i < index; ++i)
    scanner.feed(pieces[i].name.empty() ? std::string_view{pieces[i].literal} : std::string_view{"x"});
  return scanner.plain();
}

bool stands_plain(const std::vector<Piece>& pieces, std::size_t index, std::optional<Dialect> dialect) {
  // A backslash before a quote escapes it in MySQL and in PostgreSQL's E'': where it could be either, both must be
  // plain.
  if (dialect == Dialect::sqlite) return plain_at(pieces, index, false);
  return plain_at(pieces, index, false) && plain_at(pieces, index, true);
}

}  // namespace

Result<std::vector<Piece>> parse_template(std::string_view text) {
  std::vector<Piece> pieces;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) pieces.push_back({std::move(literal), {}});
    literal.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("$${")) {
      literal += "${";
      i += 2;
    } else if (text.substr(i).starts_with("${")) {
      const std::size_t end = text.find('}', i);
      const std::string_view name =
          end == std::string_view::npos ? std::string_view{} : text.substr(i + 2, end - i - 2);
      if (!is_name(name))
        return Error{fmt::format("'{}' is not ${{NAME}}; write $${{ for a literal ${{", one_line(text.substr(i, 24)))};
      flush();
      pieces.push_back({{}, std::string{name}});
      i = end;
    } else {
      literal += text[i];
    }
  }
  flush();
  return pieces;
}

std::vector<std::string> template_faults(const Recipe& recipe, std::string_view text, Place place,
                                         std::optional<Dialect> dialect) {
  std::vector<std::string> faults;
  const auto pieces = parse_template(text);
  if (!pieces) return {pieces.error().message};
  for (std::size_t i = 0; i < pieces->size(); ++i) {
    const std::string& name = (*pieces)[i].name;
    if (name.empty()) continue;
    const Parameter* parameter = recipe.parameter(name);
    if (parameter == nullptr && name != kRunId && name != kAgent) {
      faults.push_back(fmt::format("${{{}}} is no parameter of this recipe", name));
      continue;
    }
    const ParameterType type = parameter != nullptr ? parameter->type : ParameterType::string;
    if (type == ParameterType::secret && (place == Place::sql || place == Place::url)) {
      faults.push_back(
          fmt::format("${{{}}} is a secret and cannot stand in a {}", name, place == Place::sql ? "query" : "URL"));
    } else if (place == Place::sql && !safe_inside_quotes(type) && !stands_plain(*pieces, i, dialect)) {
      faults.push_back(
          fmt::format("${{{}}} stands inside quotes or a comment; it brings its own quotes, write it bare", name));
    }
  }
  return faults;
}

Result<std::string> expand(std::string_view text, const Values& values, Place place, Dialect dialect) {
  const auto pieces = parse_template(text);
  if (!pieces) return pieces.error();
  std::string out;
  for (const Piece& piece : *pieces) {
    if (piece.name.empty()) {
      // `${url}/path` with a base that ends with a slash.
      const bool doubled = place == Place::url && out.ends_with('/') && piece.literal.starts_with('/');
      out += doubled ? piece.literal.substr(1) : piece.literal;
      continue;
    }
    const Result<std::string> part = escaped(value_of(values, piece.name), place, dialect, out.empty());
    if (!part) return Error{fmt::format("${{{}}}: {}", piece.name, part.error().message)};
    out += *part;
  }
  return {boost::system::in_place_value, out};
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
  return {boost::system::in_place_value, out};
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

std::string new_run_id() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return fmt::format("{:016x}", random());
}

}  // namespace crmpulse::probes
