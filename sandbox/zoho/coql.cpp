#include "sandbox/zoho/coql.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text/ascii.h"
#include "sandbox/company/values.h"
#include "sandbox/expression/operators.h"
#include "sandbox/expression/parser.h"
#include "sandbox/vendor/reply.h"

namespace crmpulse::sandbox {
namespace {

using expression::Joint;
using expression::Token;
using Wrong = Refusal::Kind;

constexpr std::size_t kMostColumns = 50;
constexpr std::size_t kMostAggregates = 5;
constexpr std::size_t kMostGroups = 4;
constexpr std::size_t kMostOrders = 10;
constexpr std::size_t kMostCriteria = 25;
constexpr std::size_t kMostRows = 2000;
constexpr std::size_t kUsualRows = 200;

bool in_coql_word(char c) {
  return ascii::is_letter(c) || ascii::is_digit(c) || c == '_' || c == '.' || c == '$';
}
std::string any_escaped(char c) {
  return {c};
}

constexpr std::array<std::string_view, 4> kCoqlSymbols{"<=", ">=", "!=", "<>"};
constexpr expression::Lexicon kCoqlLexicon{.begins_word = in_coql_word,
                                           .in_word = in_coql_word,
                                           .in_number = in_coql_word,
                                           .follows_sign = in_coql_word,
                                           .signs = "-",
                                           .ignores_case = true,
                                           .escape = '\\',
                                           .escaped = any_escaped,
                                           .symbols = kCoqlSymbols};

/// Criteria are joined in pairs: a third one needs brackets around two of them.
constexpr std::array kCoqlJoints{Joint{"AND", 1, Condition::Kind::all}, Joint{"OR", 1, Condition::Kind::any}};
constexpr expression::Grammar kCoqlGrammar{kCoqlJoints, "NOT", expression::Mixing::pairs, 50};

/// Where a reference leads: `Account_Name.Industry` is a field of Accounts.
std::string_view target_of(const Field& field) {
  if (field.canonical == "account") return "Accounts";
  if (field.canonical == "contact" || field.canonical == "who") return "Contacts";
  return {};
}

struct Function {
  std::string_view name;
  Aggregate aggregate;
};
constexpr std::array kFunctions{Function{"COUNT", Aggregate::count}, Function{"SUM", Aggregate::sum},
                                Function{"AVG", Aggregate::avg}, Function{"MIN", Aggregate::min},
                                Function{"MAX", Aggregate::max}};

bool is_ordered(FieldType type) {
  return is_number(type) || is_day_or_time(type);
}

bool adds_up(Aggregate how, FieldType type) {
  if (how == Aggregate::sum || how == Aggregate::avg) return is_number(type);
  if (how == Aggregate::min || how == Aggregate::max) return is_ordered(type);
  return type != FieldType::long_text;
}

/// What the documentation's table of operators has for a type.
bool is_comparable(Compare how, FieldType type) {
  switch (how) {
    case Compare::equal:
    case Compare::not_equal: return true;
    case Compare::like: return is_text(type);
    case Compare::in:
    case Compare::not_in: return type != FieldType::boolean;
    default: return is_ordered(type);
  }
}

class CoqlParser : public expression::Parser<Condition> {
 public:
  CoqlParser(std::string_view text, const Schema& schema) : Parser(text, kCoqlLexicon, kCoqlGrammar), schema_(schema) {}
  Coql whole();

 private:
  struct Column {
    std::string path;
    std::string name;
    std::optional<Aggregate> aggregate;
  };
  struct Path {
    std::string canonical;
    const Field* field = nullptr;  ///< the last one's
  };

  [[noreturn]] void refuse(Wrong kind, std::string name, std::string message) const {
    throw Refusal{kind, std::move(name), std::string{clause_}, std::move(message)};
  }
  [[noreturn]] void refuse_missing(std::string_view word) const override {
    refuse(Wrong::syntax, peek().text, word.empty() ? "criteria are joined in pairs" : fmt::format("missing {}", word));
  }
  [[noreturn]] void refuse_depth() const override { refuse(Wrong::too_much, "", "too deep"); }

  std::vector<Column> columns();
  Column column();
  void resolve_columns(const std::vector<Column>& columns);
  Path path_of(std::string_view text) const;
  Condition comparison() override;
  std::vector<Value> list(const Path& path);
  Value literal(const Path& path);
  void group_by();
  void check_groups() const;
  void order_by();
  std::size_t number();
  void limit();

  const Schema& schema_;
  std::string_view clause_ = "select";
  Coql coql_;
  std::size_t criteria_ = 0;
};

CoqlParser::Column CoqlParser::column() {
  Column column;
  column.path = take().text;
  column.name = column.path;
  for (const Function& function : kFunctions) {
    if (!ascii::same_without_case(column.path, function.name) || !skip("(")) continue;
    const std::string inner = take().text;
    column.aggregate = function.aggregate;
    column.name = fmt::format("{}({})", column.path, inner);
    column.path = inner == "*" ? "" : inner;
    expect(")");
  }
  if (skip("AS")) column.name = take().text;
  return column;
}

std::vector<CoqlParser::Column> CoqlParser::columns() {
  std::vector<Column> columns{column()};
  while (skip(",")) columns.push_back(column());
  if (columns.size() > kMostColumns) refuse(Wrong::too_much, "", "more than 50 columns");
  return columns;
}

CoqlParser::Path CoqlParser::path_of(std::string_view text) const {
  const Object* object = coql_.object;
  Path path;
  while (object != nullptr && !text.empty()) {
    const auto dot = text.find('.');
    path.field = schema_.field(*object, text.substr(0, dot));
    if (path.field == nullptr) break;
    path.canonical += (path.canonical.empty() ? "" : ".") + query_name(*path.field);
    if (dot == std::string_view::npos) return path;
    text.remove_prefix(dot + 1);
    object = schema_.object(target_of(*path.field));
  }
  refuse(Wrong::field, std::string{text}, "column given seems to be invalid");
}

void CoqlParser::resolve_columns(const std::vector<Column>& columns) {
  clause_ = "select";
  std::size_t aggregates = 0;
  for (const Column& column : columns) {
    Output output;
    output.name = column.name;
    output.aggregate = column.aggregate.value_or(Aggregate::none);
    const Path path = column.path.empty() ? Path{} : path_of(column.path);
    output.field = path.canonical;
    aggregates += column.aggregate ? 1 : 0;
    if (column.aggregate && path.field != nullptr && !adds_up(output.aggregate, path.field->type))
      refuse(Wrong::value, std::string{path.field->name}, "the aggregate function does not fit the column");
    const bool counted = output.aggregate == Aggregate::count;
    coql_.fields.push_back(counted ? nullptr : path.field);
    coql_.query.outputs.push_back(std::move(output));
  }
  if (aggregates > kMostAggregates) refuse(Wrong::too_much, "", "more than 5 aggregates");
  coql_.grouped = aggregates > 0;
}

Value CoqlParser::literal(const Path& path) {
  const Token token = take();
  if (token.kind == Token::Kind::word && ascii::same_without_case(token.text, "NULL")) return {};
  const bool quoted = is_text(path.field->type) || is_day_or_time(path.field->type);
  const bool symbol = token.kind == Token::Kind::symbol || token.kind == Token::Kind::end ||
                      (quoted && token.kind != Token::Kind::text);
  auto value = symbol ? std::nullopt : schema_.value(path.field->type, token.text);
  if (!value)
    refuse(symbol ? Wrong::syntax : Wrong::value, std::string{path.field->name},
           "value given seems to be invalid for the column");
  return *value;
}

std::vector<Value> CoqlParser::list(const Path& path) {
  expect("(");
  std::vector<Value> values;
  do values.push_back(literal(path));
  while (skip(","));
  expect(")");
  return values;
}

Condition CoqlParser::comparison() {
  if (++criteria_ > kMostCriteria) refuse(Wrong::too_much, "", "more than 25 criteria");
  if (peek().kind != Token::Kind::word) refuse(Wrong::syntax, peek().text, "a column is missing");
  const Path path = path_of(take().text);
  if (path.field->type == FieldType::long_text)
    refuse(Wrong::value, std::string{path.field->name}, "columns of several lines are not supported in criteria");
  const auto compared = [&](Compare how, std::vector<Value> values) {
    const bool null = values.size() == 1 && is_null(values.front());
    if (!null && !is_comparable(how, path.field->type))
      refuse(Wrong::value, std::string{path.field->name}, "the operator does not fit the column");
    Field name;
    name.canonical = path.canonical;
    return where(name, how, std::move(values));
  };
  if (skip("IS")) {
    const bool set = skip("NOT");
    expect("NULL");
    return compared(set ? Compare::not_equal : Compare::equal, {Value{}});
  }
  const bool negated = skip("NOT");
  if (skip("IN")) return compared(negated ? Compare::not_in : Compare::in, list(path));
  Condition condition;
  if (skip("LIKE")) {
    if (peek().kind != Token::Kind::text) refuse(Wrong::syntax, peek().text, "a text is missing");
    condition = compared(Compare::like, {Value{take().text}});
  } else if (skip("BETWEEN")) {
    Condition from = compared(Compare::greater_equal, {literal(path)});
    expect("AND");
    condition = all_of({std::move(from), compared(Compare::less_equal, {literal(path)})});
  } else {
    const std::string sign = take().text;
    const auto how = expression::compare_of(expression::kSigns, sign);
    if (!how) refuse(Wrong::syntax, sign, "an operator is missing");
    condition = compared(*how, {literal(path)});
  }
  return negated ? none_of({std::move(condition)}) : condition;
}

void CoqlParser::group_by() {
  do {
    const Path path = path_of(take().text);
    if (path.field->type == FieldType::long_text)
      refuse(Wrong::value, std::string{path.field->name}, "the column cannot be grouped by");
    coql_.query.group_by.push_back({path.canonical, Aggregate::none, "", ""});
  } while (skip(","));
  coql_.grouped = true;
  if (coql_.query.group_by.size() > kMostGroups) refuse(Wrong::too_much, "", "more than 4 fields");
}

/// Beside aggregates, only what is grouped by can be selected.
void CoqlParser::check_groups() const {
  if (!coql_.grouped) return;
  const auto& groups = coql_.query.group_by;
  for (const Output& output : coql_.query.outputs) {
    const bool known = output.aggregate != Aggregate::none ||
                       std::any_of(groups.begin(), groups.end(),
                                   [&output](const Output& group) { return group.field == output.field; });
    if (!known) refuse(Wrong::value, output.name, "the column is neither grouped nor aggregated");
  }
}

void CoqlParser::order_by() {
  do {
    const Column by = column();
    Order order;
    const auto& outputs = coql_.query.outputs;
    const auto same = std::find_if(outputs.begin(), outputs.end(), [&](const Output& o) { return o.name == by.name; });
    if (same != outputs.end()) {
      order.output = static_cast<std::size_t>(same - outputs.begin());
    } else if (by.aggregate) {
      refuse(Wrong::field, by.name, "column given seems to be invalid");
    } else {
      const Path path = path_of(by.path);
      if (path.field->type == FieldType::long_text)
        refuse(Wrong::value, std::string{path.field->name}, "the column cannot be ordered by");
      order.field = path.canonical;
    }
    order.descending = skip("DESC");
    if (!order.descending) skip("ASC");
    order.nulls_last = order.descending;
    coql_.query.order_by.push_back(order);
  } while (skip(","));
  if (coql_.query.order_by.size() > kMostOrders) refuse(Wrong::too_much, "", "more than 10 fields");
}

std::size_t CoqlParser::number() {
  if (peek().kind != Token::Kind::number) refuse(Wrong::syntax, peek().text, "a number is missing");
  return bounded(take().text, 0, 0, 1'000'000);
}

/// `limit n`, `limit offset, n`, `limit n offset m`, `offset m`.
void CoqlParser::limit() {
  std::size_t rows = kUsualRows;
  if (skip("LIMIT")) {
    rows = number();
    if (skip(",")) coql_.query.offset = std::exchange(rows, number());
  }
  if (skip("OFFSET")) coql_.query.offset = number();
  if (rows > kMostRows) refuse(Wrong::too_much, std::to_string(rows), "limit is at most 2000");
  coql_.query.limit = rows;
}

Coql CoqlParser::whole() {
  expect("SELECT");
  const auto selected = columns();
  clause_ = "from";
  expect("FROM");
  const std::string module = take().text;
  coql_.object = schema_.object(module);
  if (coql_.object == nullptr) refuse(Wrong::object, module, "the module name given seems to be invalid");
  resolve_columns(selected);
  clause_ = "where";
  expect("WHERE");
  coql_.query.where = expression();
  clause_ = "group by";
  if (skip("GROUP")) {
    expect("BY");
    group_by();
  }
  check_groups();
  clause_ = "order by";
  if (skip("ORDER")) {
    expect("BY");
    order_by();
  }
  clause_ = "limit";
  limit();
  clause_ = "query";
  if (!at_end() && !is(";")) refuse(Wrong::syntax, peek().text, "unexpected text");
  return std::move(coql_);
}

}  // namespace

Understood<Coql> parse_coql(std::string_view text, const Schema& schema) {
  return understood([&] { return CoqlParser{text, schema}.whole(); });
}

}  // namespace crmpulse::sandbox
