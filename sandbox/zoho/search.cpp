// Zoho CRM's search criteria: ((Last_Name:equals:Berg)and(Email:starts_with:a)).

#include <array>

#include "sandbox/expression/operators.h"
#include "sandbox/expression/parser.h"
#include "sandbox/zoho/parts.h"

namespace crmpulse::sandbox::zoho {
namespace {

using expression::Joint;
using expression::Operator;
using Wrong = Refusal::Kind;

constexpr std::array kOperators{Operator{"equals", Compare::equal},
                                Operator{"not_equal", Compare::not_equal},
                                Operator{"in", Compare::in},
                                Operator{"less_than", Compare::less},
                                Operator{"less_equal", Compare::less_equal},
                                Operator{"greater_than", Compare::greater},
                                Operator{"greater_equal", Compare::greater_equal},
                                Operator{"starts_with", Compare::like},
                                Operator{"contains", Compare::like}};

/// Everything but a bracket, blanks too.
bool in_criterion(char c) {
  return c != '(' && c != ')';
}

constexpr expression::Lexicon kLexicon{.blanks = "", .begins_word = in_criterion, .in_word = in_criterion};
/// Of one strength, so that they are read from left to right.
constexpr std::array kJoints{Joint{"and", 1, Condition::Kind::all}, Joint{"or", 1, Condition::Kind::any}};
constexpr expression::Grammar kGrammar{kJoints, "", expression::Mixing::any, 21};  // 20 brackets and what is in them

class Criteria : public expression::Parser<Condition> {
 public:
  Criteria(const Ask& ask, const Object& module, std::string_view text)
      : Parser(text, kLexicon, kGrammar), ask_(ask), module_(module) {}
  Condition whole() {
    if (!is("(")) refuse(Wrong::syntax, rest());
    Condition condition = operand();
    if (!at_end()) refuse(Wrong::syntax, rest());
    return condition;
  }

 private:
  [[noreturn]] static void refuse(Wrong kind, std::string_view name) {
    throw Refusal{kind, std::string{name}, "criteria", "invalid criteria"};
  }
  [[noreturn]] void refuse_missing(std::string_view /*word*/) const override { refuse(Wrong::syntax, rest()); }
  [[noreturn]] void refuse_depth() const override { refuse(Wrong::syntax, rest()); }
  Condition comparison() override;

  const Ask& ask_;
  const Object& module_;
};

Condition Criteria::comparison() {
  const std::string_view text = text_until(")");
  const auto first = text.find(':');
  const auto second = text.find(':', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) refuse(Wrong::syntax, text);
  const Field* field = ask_.schema.field(module_, text.substr(0, first));
  const std::string_view how = text.substr(first + 1, second - first - 1);
  const std::string_view given = text.substr(second + 1);
  if (field == nullptr) refuse(Wrong::field, text.substr(0, first));
  const auto compare = expression::compare_of(kOperators, how);
  if (!compare) refuse(Wrong::syntax, how);
  const bool like = *compare == Compare::like;
  const bool order = *compare != Compare::equal && *compare != Compare::not_equal && *compare != Compare::in && !like;
  if (field->type == FieldType::long_text || (like && !is_text(field->type)) ||
      (order && !is_number(field->type) && !is_day_or_time(field->type)))
    refuse(Wrong::syntax, how);
  if (how == "starts_with") return where(*field, Compare::like, {std::string{given} + "%"});
  if (how == "contains") return where(*field, Compare::like, {"%" + std::string{given} + "%"});
  std::vector<Value> values;
  for (const std::string& item : how == "in" ? comma_list(given) : std::vector{std::string{given}}) {
    const auto value = item == "${EMPTY}" ? std::optional<Value>{Value{}} : ask_.schema.value(field->type, item);
    if (!value) refuse(Wrong::value, field->name);
    values.push_back(*value);
  }
  return where(*field, *compare, std::move(values));
}

Condition words(const Ask& ask, const Object& module, const std::string& word) {
  std::vector<Condition> any;
  for (const Field* field : ask.schema.fields(module)) {
    if (field->type == FieldType::text) any.push_back(where(*field, Compare::contains_word, {word + "*"}));
  }
  return any_of(std::move(any));
}

}  // namespace

Understood<Condition> parse_search(const Ask& ask, const Object& module) {
  const std::string criteria = query_value(ask.request, "criteria");
  if (!criteria.empty()) return understood([&] { return Criteria{ask, module, criteria}.whole(); });
  std::vector<Condition> all;
  for (const char* name : {"Email", "Phone"}) {
    const char* param = name == std::string_view{"Email"} ? "email" : "phone";
    const std::string given = query_value(ask.request, param);
    if (given.empty()) continue;
    const Field* field = ask.schema.field(module, name);
    if (field == nullptr) return bad_param(param);
    all.push_back(where(*field, Compare::equal, {given}));
  }
  const std::string word = query_value(ask.request, "word");
  if (word.size() == 1) return bad_param("word");
  if (!word.empty()) all.push_back(words(ask, module, word));
  return all_of(std::move(all));
}

}  // namespace crmpulse::sandbox::zoho
