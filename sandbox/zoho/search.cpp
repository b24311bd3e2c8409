// Zoho CRM's search criteria: ((Last_Name:equals:Berg)and(Email:starts_with:a)).

#include <array>

#include "sandbox/zoho/parts.h"

namespace crmpulse::sandbox::zoho {
namespace {

struct Operator {
  std::string_view name;
  Compare compare;
};
constexpr std::array kOperators{Operator{"equals", Compare::equal},
                                Operator{"not_equal", Compare::not_equal},
                                Operator{"in", Compare::in},
                                Operator{"less_than", Compare::less},
                                Operator{"less_equal", Compare::less_equal},
                                Operator{"greater_than", Compare::greater},
                                Operator{"greater_equal", Compare::greater_equal},
                                Operator{"starts_with", Compare::like},
                                Operator{"contains", Compare::like}};

class Criteria {
 public:
  Criteria(const Ask& ask, const ObjectName& module, std::string_view text) : ask_(ask), module_(module), text_(text) {}
  boost::system::result<Condition, Refusal> run() {
    Condition condition = group();
    if (!refusal_ && at_ < text_.size()) refuse(Refusal::Kind::syntax, text_.substr(at_));
    if (refusal_) return *refusal_;
    return condition;
  }

 private:
  void refuse(Refusal::Kind kind, std::string_view name) {
    if (!refusal_) refusal_ = Refusal{kind, std::string{name}, "criteria", "invalid criteria"};
  }
  bool skip(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  Condition group();
  Condition comparison();

  const Ask& ask_;
  const ObjectName& module_;
  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::optional<Refusal> refusal_;
};

Condition Criteria::group() {
  if (++depth_ > 20 || !skip("(")) refuse(Refusal::Kind::syntax, text_.substr(at_));
  if (refusal_) return {};
  std::vector<Condition> children;
  bool any = false;
  if (at_ < text_.size() && text_[at_] == '(') {
    children.push_back(group());
    while (!refusal_ && at_ < text_.size() && text_[at_] != ')') {
      any = skip("or");
      if (!any && !skip("and")) refuse(Refusal::Kind::syntax, text_.substr(at_));
      children.push_back(group());
    }
  } else {
    children.push_back(comparison());
  }
  if (!skip(")")) refuse(Refusal::Kind::syntax, text_.substr(at_));
  --depth_;
  return any ? any_of(std::move(children)) : all_of(std::move(children));
}

Condition Criteria::comparison() {
  const auto end = text_.find(')', at_);
  const std::string_view text = text_.substr(at_, end == std::string_view::npos ? end : end - at_);
  at_ += text.size();
  const auto first = text.find(':');
  const auto second = text.find(':', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) refuse(Refusal::Kind::syntax, text);
  if (refusal_) return {};
  const FieldName* field = ask_.schema.field(module_, text.substr(0, first));
  const std::string_view how = text.substr(first + 1, second - first - 1);
  const std::string_view given = text.substr(second + 1);
  const Operator* known = nullptr;
  for (const Operator& one : kOperators) known = one.name == how ? &one : known;
  if (field == nullptr) refuse(Refusal::Kind::field, text.substr(0, first));
  if (known == nullptr) refuse(Refusal::Kind::syntax, how);
  if (refusal_) return {};
  if (how == "starts_with") return where(*field, Compare::like, {std::string{given} + "%"});
  if (how == "contains") return where(*field, Compare::like, {"%" + std::string{given} + "%"});
  std::vector<Value> values;
  for (const std::string& item : how == "in" ? comma_list(given) : std::vector{std::string{given}}) {
    const auto value = item == "${EMPTY}" ? std::optional<Value>{Value{}} : ask_.schema.value(field->type, item);
    if (!value) refuse(Refusal::Kind::value, field->vendor);
    values.push_back(value.value_or(Value{}));
  }
  return where(*field, known->compare, std::move(values));
}

Condition words(const Ask& ask, const ObjectName& module, const std::string& word) {
  std::vector<Condition> any;
  for (const FieldName* field : ask.schema.fields(module)) {
    if (field->type == FieldType::text) any.push_back(where(*field, Compare::contains_word, {word + "*"}));
  }
  return any_of(std::move(any));
}

}  // namespace

boost::system::result<Condition, Refusal> parse_search(const Ask& ask, const ObjectName& module) {
  const std::string criteria = query_value(ask.request, "criteria");
  if (!criteria.empty()) return Criteria{ask, module, criteria}.run();
  std::vector<Condition> all;
  for (const char* name : {"Email", "Phone"}) {
    const std::string given = query_value(ask.request, name == std::string_view{"Email"} ? "email" : "phone");
    const FieldName* field = given.empty() ? nullptr : ask.schema.field(module, name);
    if (field != nullptr) all.push_back(where(*field, Compare::equal, {given}));
  }
  if (const std::string word = query_value(ask.request, "word"); !word.empty()) all.push_back(words(ask, module, word));
  return all_of(std::move(all));
}

}  // namespace crmpulse::sandbox::zoho
