#include "sandbox/dynamics/odata_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sandbox/vendor/reply.h"

namespace crmpulse::sandbox::odata {
namespace {

constexpr std::string_view kDataverse = "Microsoft.Dynamics.CRM.";
constexpr int kDeepest = 50;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"_.:-+$/@"}.find(c) != std::string_view::npos;
}

struct Operator {
  std::string_view name;
  Compare compare;
};
constexpr std::array kOperators{Operator{"eq", Compare::equal},   Operator{"ne", Compare::not_equal},
                                Operator{"lt", Compare::less},    Operator{"le", Compare::less_equal},
                                Operator{"gt", Compare::greater}, Operator{"ge", Compare::greater_equal}};

/// `%` and `_` in what is looked for are themselves.
std::string like_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

}  // namespace

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\n') {
      ++at;
    } else if (c == '\'') {
      Token token{Token::Kind::text, {}};
      bool closed = false;
      for (++at; at < text.size() && !closed; ++at) {
        const bool twice = text[at] == '\'' && at + 1 < text.size() && text[at + 1] == '\'';
        closed = text[at] == '\'' && !twice;
        if (!closed) token.text.push_back(text[at]);
        at += twice ? 1 : 0;
      }
      tokens.push_back(closed ? std::move(token) : Token{Token::Kind::symbol, "'"});
    } else if (is_word(c)) {
      std::size_t end = at;
      while (end < text.size() && is_word(text[end])) ++end;
      tokens.push_back({Token::Kind::word, std::string{text.substr(at, end - at)}});
      at = end;
    } else {
      tokens.push_back({Token::Kind::symbol, std::string{c}});
      ++at;
    }
  }
  tokens.emplace_back();
  return tokens;
}

bool Reader::skip(std::string_view word) {
  if (peek().kind == Token::Kind::text || peek().text != word || at_end()) return false;
  take();
  return true;
}

void Reader::expect(std::string_view word) {
  if (!skip(word))
    refuse(Refusal::Kind::syntax, peek().text, fmt::format("')' or operator expected: {} is missing", word));
}

void Reader::refuse(Refusal::Kind kind, std::string name, std::string message) {
  if (!refusal) refusal = Refusal{kind, std::move(name), "$filter", std::move(message)};
}

const FieldName* Reader::property(std::string_view name) {
  const FieldName* field = schema_.field(object_, name);
  if (field == nullptr)
    refuse(Refusal::Kind::field, std::string{name}, fmt::format("Could not find a property named '{}'", name));
  return field;
}

Condition Reader::filter() {
  std::vector<Condition> any{both()};
  while (!refusal && skip("or")) any.push_back(both());
  return any.size() == 1 ? std::move(any.front()) : any_of(std::move(any));
}

Condition Reader::both() {
  std::vector<Condition> all{operand()};
  while (!refusal && skip("and")) all.push_back(operand());
  return all.size() == 1 ? std::move(all.front()) : all_of(std::move(all));
}

Condition Reader::operand() {
  if (refusal || ++depth_ > kDeepest) {
    refuse(Refusal::Kind::syntax, "", "the filter is too deep");
    return {};
  }
  Condition condition;
  if (skip("not")) {
    condition = none_of({operand()});
  } else if (skip("(")) {
    condition = filter();
    expect(")");
  } else {
    condition = comparison();
  }
  --depth_;
  return condition;
}

Condition Reader::comparison() {
  if (peek().kind != Token::Kind::word) refuse(Refusal::Kind::syntax, peek().text, "a property is missing");
  if (refusal) return {};
  const std::string name = take().text;
  if (skip("(")) return name.starts_with(kDataverse) ? dataverse_function(name) : function(name);
  const FieldName* field = property(name);
  const std::string how = take().text;
  const auto found =
      std::find_if(kOperators.begin(), kOperators.end(), [&](const Operator& one) { return one.name == how; });
  if (found == kOperators.end()) refuse(Refusal::Kind::syntax, how, fmt::format("'{}' is not an operator", how));
  if (refusal) return {};
  return where(*field, found->compare, {literal(*field)});
}

Value Reader::literal(const FieldName& field) {
  const Token token = take();
  if (token.kind == Token::Kind::word && token.text == "null") return {};
  const bool given = token.kind == Token::Kind::word || token.kind == Token::Kind::text;
  const bool quoted_number = token.kind == Token::Kind::text && field.type != FieldType::text;
  auto value = given && !quoted_number ? schema_.value(field.type, token.text) : std::nullopt;
  if (!value)
    refuse(Refusal::Kind::value, token.text,
           fmt::format("A binary operator with incompatible types was detected at '{}'", field.vendor));
  return value.value_or(Value{});
}

/// contains(a,'x'), startswith(a,'x'), endswith(a,'x')
Condition Reader::function(const std::string& name) {
  const FieldName* field = property(take().text);
  expect(",");
  const Token text = take();
  expect(")");
  if (text.kind != Token::Kind::text) refuse(Refusal::Kind::syntax, text.text, "a text is missing");
  const bool begins = name == "startswith";
  const bool ends = name == "endswith";
  if (!begins && !ends && name != "contains")
    refuse(Refusal::Kind::syntax, name, fmt::format("An unknown function with name '{}' was found", name));
  if (refusal) return {};
  return where(*field, Compare::like, {(begins ? "" : "%") + like_text(text.text) + (ends ? "" : "%")});
}

/// Microsoft.Dynamics.CRM.LastXDays(PropertyName='createdon',PropertyValue=30) and its like.
Condition Reader::dataverse_function(const std::string& name) {
  const std::string_view what = std::string_view{name}.substr(kDataverse.size());
  std::string property_name;
  std::vector<std::string> given;
  while (!refusal && !skip(")")) {
    if (at_end()) refuse(Refusal::Kind::syntax, name, "')' is missing");
    const std::string key = take().text;
    expect("=");
    const bool list = skip("[");
    do {
      const std::string text = take().text;
      if (key == "PropertyName") property_name = text;
      if (key != "PropertyName") given.push_back(text);
    } while (list && skip(","));
    if (list) expect("]");
    if (!skip(",") && peek().text != ")") expect(")");
  }
  const FieldName* field = refusal ? nullptr : property(property_name);
  if (field == nullptr) return {};
  const std::string first = given.empty() ? "" : given.front();
  const auto days = std::chrono::days{bounded(first, 1, 0, 100'000)};
  if (what == "LastXDays") return where(*field, Compare::greater_equal, {now_ - days});
  if (what == "OlderThanXDays") return where(*field, Compare::less, {now_ - days});
  std::vector<Value> values;
  for (const std::string& text : given) {
    auto value = schema_.value(field->type, text);
    if (!value) refuse(Refusal::Kind::value, text, "The value has another type than the property");
    values.push_back(value.value_or(Value{}));
  }
  if (what == "In") return where(*field, Compare::in, std::move(values));
  if (what == "NotIn") return where(*field, Compare::not_in, std::move(values));
  if (what == "OnOrAfter" && !values.empty()) return where(*field, Compare::greater_equal, std::move(values));
  if (what == "OnOrBefore" && !values.empty()) return where(*field, Compare::less_equal, std::move(values));
  refuse(Refusal::Kind::syntax, name, fmt::format("An unknown function with name '{}' was found", name));
  return {};
}

}  // namespace crmpulse::sandbox::odata
