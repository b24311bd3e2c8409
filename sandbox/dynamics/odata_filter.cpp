#include "sandbox/dynamics/odata_filter.h"

#include <fmt/format.h>

#include <array>

#include "sandbox/expression/operators.h"
#include "sandbox/vendor/reply.h"

namespace crmpulse::sandbox::odata {
namespace {

using expression::Joint;
using expression::Operator;
using expression::Token;
using Wrong = Refusal::Kind;

constexpr std::string_view kDataverse = "Microsoft.Dynamics.CRM.";

/// A date, a GUID and a qualified function are one word each.
bool in_word(char c) {
  return ascii::is_letter(c) || ascii::is_digit(c) || std::string_view{"_.:-+$/@"}.find(c) != std::string_view::npos;
}
std::string second_quote(char c) {
  return {c};
}

constexpr expression::Lexicon kLexicon{
    .blanks = " \t\n", .begins_word = in_word, .in_word = in_word, .escape = '\'', .escaped = second_quote};
constexpr std::array kJoints{Joint{"or", 1, Condition::Kind::any}, Joint{"and", 2, Condition::Kind::all}};
constexpr expression::Grammar kGrammar{kJoints, "not", expression::Mixing::any, 50};
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

Reader::Reader(std::string_view text, const Object& object, const Schema& schema, TimePoint now)
    : Parser(text, kLexicon, kGrammar), object_(object), schema_(schema), now_(now) {}

void Reader::refuse(Wrong kind, std::string name, std::string message) const {
  throw Refusal{kind, std::move(name), "$filter", std::move(message)};
}

void Reader::refuse_missing(std::string_view word) const {
  refuse(Wrong::syntax, peek().text, fmt::format("')' or operator expected: {} is missing", word));
}

void Reader::refuse_depth() const {
  refuse(Wrong::syntax, "", "the filter is too deep");
}

const Field& Reader::property(std::string_view name) const {
  const Field* field = schema_.field(object_, name);
  if (field == nullptr)
    refuse(Wrong::field, std::string{name}, fmt::format("Could not find a property named '{}'", name));
  return *field;
}

Condition Reader::comparison() {
  if (peek().kind != Token::Kind::word) refuse(Wrong::syntax, peek().text, "a property is missing");
  const std::string name = take().text;
  if (skip("(")) return name.starts_with(kDataverse) ? dataverse_function(name) : function(name);
  const Field& field = property(name);
  const std::string word = take().text;
  const auto how = expression::compare_of(kOperators, word);
  if (!how) refuse(Wrong::syntax, word, fmt::format("'{}' is not an operator", word));
  const bool order = *how != Compare::equal && *how != Compare::not_equal;
  if (order && (field.type == FieldType::boolean || is_id(field.type)))
    refuse(Wrong::value, word,
           fmt::format("A binary operator with incompatible types was detected at '{}'", field.name));
  return where(field, *how, {literal(field)});
}

Value Reader::literal(const Field& field) {
  const Token token = take();
  if (token.kind == Token::Kind::word && token.text == "null") return {};
  const bool given = token.kind == Token::Kind::word || token.kind == Token::Kind::text;
  // Texts stand in quotes, and nothing else does.
  const bool quoted = token.kind == Token::Kind::text;
  auto value = given && quoted == is_text(field.type) ? schema_.value(field.type, token.text) : std::nullopt;
  if (!value)
    refuse(Wrong::value, token.text,
           fmt::format("A binary operator with incompatible types was detected at '{}'", field.name));
  return *value;
}

/// contains(a,'x'), startswith(a,'x'), endswith(a,'x')
Condition Reader::function(const std::string& name) {
  const Field& field = property();
  expect(",");
  const Token text = take();
  expect(")");
  if (text.kind != Token::Kind::text) refuse(Wrong::syntax, text.text, "a text is missing");
  const bool begins = name == "startswith";
  const bool ends = name == "endswith";
  if (!begins && !ends && name != "contains")
    refuse(Wrong::syntax, name, fmt::format("An unknown function with name '{}' was found", name));
  if (!is_text(field.type))
    refuse(Wrong::value, name,
           fmt::format("No function signature for the function with name '{}' matches the specified arguments", name));
  return where(field, Compare::like, {(begins ? "" : "%") + like_text(text.text) + (ends ? "" : "%")});
}

/// Microsoft.Dynamics.CRM.LastXDays(PropertyName='createdon',PropertyValue=30) and its like.
Condition Reader::dataverse_function(const std::string& name) {
  const std::string_view what = std::string_view{name}.substr(kDataverse.size());
  std::string property_name;
  std::vector<std::string> given;
  while (!skip(")")) {
    if (at_end()) refuse(Wrong::syntax, name, "')' is missing");
    const std::string key = take().text;
    expect("=");
    const bool list = skip("[");
    do {
      const std::string text = take().text;
      if (key == "PropertyName") property_name = text;
      if (key != "PropertyName") given.push_back(text);
    } while (list && skip(","));
    if (list) expect("]");
    if (!skip(",") && !is(")")) expect(")");
  }
  const Field& field = property(property_name);
  if (what == "LastXDays" || what == "OlderThanXDays") {
    const auto number = given.size() == 1 ? whole_number(given.front(), 0, 1, 100'000) : std::nullopt;
    if (!number || *number == 0 || !is_day_or_time(field.type))
      refuse(Wrong::value, name, fmt::format("The value of {} is not a number of days", what));
    const TimePoint since = now_ - std::chrono::days{*number};
    return where(field, what == "LastXDays" ? Compare::greater_equal : Compare::less, {since});
  }
  std::vector<Value> values;
  for (const std::string& text : given) {
    auto value = schema_.value(field.type, text);
    if (!value) refuse(Wrong::value, text, "The value has another type than the property");
    values.push_back(std::move(*value));
  }
  if (what == "In") return where(field, Compare::in, std::move(values));
  if (what == "NotIn") return where(field, Compare::not_in, std::move(values));
  if (what == "OnOrAfter" && !values.empty()) return where(field, Compare::greater_equal, std::move(values));
  if (what == "OnOrBefore" && !values.empty()) return where(field, Compare::less_equal, std::move(values));
  refuse(Wrong::syntax, name, fmt::format("An unknown function with name '{}' was found", name));
}

}  // namespace crmpulse::sandbox::odata
