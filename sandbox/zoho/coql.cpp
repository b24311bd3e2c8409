#include "sandbox/zoho/coql.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text/ascii.h"
#include "sandbox/vendor/reply.h"

namespace crmpulse::sandbox {
namespace {

constexpr std::size_t kMostColumns = 50;
constexpr std::size_t kMostAggregates = 5;
constexpr std::size_t kMostGroups = 4;
constexpr std::size_t kMostOrders = 10;
constexpr std::size_t kMostCriteria = 25;
constexpr std::size_t kMostRows = 2000;
constexpr std::size_t kUsualRows = 200;

struct Token {
  enum class Kind { end, word, number, text, symbol };
  Kind kind = Kind::end;
  std::string text;
};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '$';
}

Token quoted(std::string_view text, std::size_t& at) {
  Token token{Token::Kind::text, {}};
  for (++at; at < text.size() && text[at] != '\''; ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    token.text.push_back(text[at]);
  }
  if (at >= text.size()) return {Token::Kind::symbol, "'"};  // never closed
  ++at;
  return token;
}

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      ++at;
    } else if (c == '\'') {
      tokens.push_back(quoted(text, at));
    } else if (is_word(c) || (c == '-' && at + 1 < text.size() && is_word(text[at + 1]))) {
      std::size_t end = at + 1;
      while (end < text.size() && is_word(text[end])) ++end;
      const bool number = c == '-' || (c >= '0' && c <= '9');
      tokens.push_back({number ? Token::Kind::number : Token::Kind::word, std::string{text.substr(at, end - at)}});
      at = end;
    } else {
      const bool two = at + 1 < text.size() && (text.substr(at, 2) == "<=" || text.substr(at, 2) == ">=" ||
                                                text.substr(at, 2) == "!=" || text.substr(at, 2) == "<>");
      tokens.push_back({Token::Kind::symbol, std::string{text.substr(at, two ? 2 : 1)}});
      at += two ? 2 : 1;
    }
  }
  tokens.emplace_back();
  return tokens;
}

/// Where a reference leads: `Account_Name.Industry` is a field of Accounts.
std::string_view target_of(const FieldName& field) {
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

/// Recursive descent. The first thing wrong is kept; what follows it is read but no longer counts.
class Parser {
 public:
  Parser(std::string_view text, const Schema& schema) : tokens_(tokens_of(text)), schema_(schema) {}
  boost::system::result<Coql, Refusal> run();

 private:
  struct Column {
    std::string path;
    std::string name;
    std::optional<Aggregate> aggregate;
  };
  struct Path {
    std::string canonical;
    const FieldName* field = nullptr;  ///< the last one's
  };

  [[nodiscard]] const Token& peek() const { return tokens_[at_]; }
  Token take() { return at_ + 1 < tokens_.size() ? tokens_[at_++] : tokens_[at_]; }
  [[nodiscard]] bool is(std::string_view word) const {
    return (peek().kind == Token::Kind::word || peek().kind == Token::Kind::symbol) &&
           ascii::upper(peek().text) == word;
  }
  bool skip(std::string_view word) {
    if (!is(word)) return false;
    take();
    return true;
  }
  void refuse(Refusal::Kind kind, std::string name, std::string_view clause, std::string message) {
    if (!refusal_) refusal_ = Refusal{kind, std::move(name), std::string{clause}, std::move(message)};
  }
  void expect(std::string_view word, std::string_view clause) {
    if (!skip(word)) refuse(Refusal::Kind::syntax, peek().text, clause, fmt::format("missing {}", word));
  }

  std::vector<Column> columns();
  Column column();
  void resolve_columns(const std::vector<Column>& columns);
  Path path_of(std::string_view text, std::string_view clause);
  Condition criteria();
  Condition operand();
  Condition comparison();
  std::vector<Value> values(const Path& path, std::size_t exactly);
  Value literal(const Path& path);
  void group_by();
  void order_by();
  void limit();

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  const Schema& schema_;
  Coql coql_;
  std::size_t criteria_ = 0;
  int depth_ = 0;
  std::optional<Refusal> refusal_;
};

Parser::Column Parser::column() {
  Column column;
  column.path = take().text;
  column.name = column.path;
  for (const Function& function : kFunctions) {
    if (ascii::upper(column.path) != function.name || !skip("(")) continue;
    const std::string inner = take().text;
    column.aggregate = function.aggregate;
    column.name = fmt::format("{}({})", column.path, inner);
    column.path = inner == "*" ? "" : inner;
    expect(")", "select");
  }
  if (skip("AS")) column.name = take().text;
  return column;
}

std::vector<Parser::Column> Parser::columns() {
  std::vector<Column> columns{column()};
  while (skip(",")) columns.push_back(column());
  if (columns.size() > kMostColumns) refuse(Refusal::Kind::too_much, "", "select", "more than 50 columns");
  return columns;
}

Parser::Path Parser::path_of(std::string_view text, std::string_view clause) {
  const ObjectName* object = coql_.object;
  Path path;
  while (object != nullptr && !text.empty()) {
    const auto dot = text.find('.');
    path.field = schema_.field(*object, text.substr(0, dot));
    if (path.field == nullptr) break;
    path.canonical += (path.canonical.empty() ? "" : ".") + query_name(*path.field);
    if (dot == std::string_view::npos) return path;
    text.remove_prefix(dot + 1);
    object = schema_.object(target_of(*path.field));
    if (object == nullptr) break;
  }
  refuse(Refusal::Kind::field, std::string{text}, clause, "column given seems to be invalid");
  path.field = nullptr;
  return path;
}

void Parser::resolve_columns(const std::vector<Column>& columns) {
  std::size_t aggregates = 0;
  for (const Column& column : columns) {
    Output output;
    output.name = column.name;
    output.aggregate = column.aggregate.value_or(Aggregate::none);
    const Path path = column.path.empty() ? Path{} : path_of(column.path, "select");
    output.field = path.canonical;
    aggregates += column.aggregate ? 1 : 0;
    const bool counted = output.aggregate == Aggregate::count;
    coql_.fields.push_back(counted ? nullptr : path.field);
    coql_.query.outputs.push_back(std::move(output));
  }
  if (aggregates > kMostAggregates) refuse(Refusal::Kind::too_much, "", "select", "more than 5 aggregates");
  coql_.grouped = aggregates > 0;
}

Condition Parser::criteria() {
  Condition left = operand();
  if (!is("AND") && !is("OR")) return left;
  const bool both = ascii::upper(take().text) == "AND";
  std::vector<Condition> children{std::move(left), operand()};
  // A third one needs brackets around two of them.
  if (is("AND") || is("OR")) refuse(Refusal::Kind::syntax, peek().text, "where", "criteria are joined in pairs");
  return both ? all_of(std::move(children)) : any_of(std::move(children));
}

Condition Parser::operand() {
  if (++depth_ > 50) refuse(Refusal::Kind::too_much, "", "where", "too deep");
  Condition condition;
  if (refusal_) {
    --depth_;
    return condition;
  }
  if (skip("(")) {
    condition = criteria();
    expect(")", "where");
  } else if (skip("NOT")) {
    condition = none_of({operand()});
  } else {
    condition = comparison();
  }
  --depth_;
  return condition;
}

Value Parser::literal(const Path& path) {
  const Token token = take();
  const bool bare = token.kind == Token::Kind::word;
  if (bare && ascii::upper(token.text) == "NULL") return {};
  if (path.field == nullptr) return {};
  const bool symbol = token.kind == Token::Kind::symbol || token.kind == Token::Kind::end;
  auto value = symbol ? std::nullopt : schema_.value(path.field->type, token.text);
  if (!value)
    refuse(symbol ? Refusal::Kind::syntax : Refusal::Kind::value, std::string{path.field->vendor}, "where",
           "value given seems to be invalid for the column");
  return value.value_or(Value{});
}

/// `(a, b, …)`, or with `exactly` as many.
std::vector<Value> Parser::values(const Path& path, std::size_t exactly) {
  std::vector<Value> values;
  if (exactly == 0) expect("(", "where");
  do values.push_back(literal(path));
  while (!refusal_ && (exactly == 0 ? skip(",") : values.size() < exactly && skip("AND")));
  if (exactly == 0) expect(")", "where");
  if (exactly != 0 && values.size() != exactly) refuse(Refusal::Kind::syntax, peek().text, "where", "missing AND");
  return values;
}

Condition Parser::comparison() {
  if (++criteria_ > kMostCriteria) refuse(Refusal::Kind::too_much, "", "where", "more than 25 criteria");
  if (peek().kind != Token::Kind::word) refuse(Refusal::Kind::syntax, peek().text, "where", "a column is missing");
  const Path path = path_of(take().text, "where");
  FieldName name;
  name.canonical = path.canonical;
  if (skip("IS")) {
    const bool set = skip("NOT");
    expect("NULL", "where");
    return where(name, set ? Compare::not_equal : Compare::equal, {Value{}});
  }
  const bool negated = skip("NOT");
  Condition condition;
  if (skip("IN")) {
    condition = where(name, negated ? Compare::not_in : Compare::in, values(path, 0));
    return condition;
  }
  if (skip("LIKE")) {
    condition = where(name, Compare::like, {Value{take().text}});
  } else if (skip("BETWEEN")) {
    auto bounds = values(path, 2);
    bounds.resize(2);
    condition =
        all_of({where(name, Compare::greater_equal, {bounds[0]}), where(name, Compare::less_equal, {bounds[1]})});
  } else {
    const std::string sign = take().text;
    const std::array<std::pair<std::string_view, Compare>, 7> signs{{{"=", Compare::equal},
                                                                     {"!=", Compare::not_equal},
                                                                     {"<>", Compare::not_equal},
                                                                     {"<", Compare::less},
                                                                     {"<=", Compare::less_equal},
                                                                     {">", Compare::greater},
                                                                     {">=", Compare::greater_equal}}};
    const auto found = std::find_if(signs.begin(), signs.end(), [&](const auto& one) { return one.first == sign; });
    if (found == signs.end()) refuse(Refusal::Kind::syntax, sign, "where", "an operator is missing");
    const Value value = refusal_ ? Value{} : literal(path);
    condition = where(name, found == signs.end() ? Compare::equal : found->second, {value});
  }
  return negated ? none_of({std::move(condition)}) : condition;
}

void Parser::group_by() {
  do {
    const Path path = path_of(take().text, "group by");
    coql_.query.group_by.push_back({path.canonical, Aggregate::none, "", ""});
  } while (!refusal_ && skip(","));
  coql_.grouped = true;
  if (coql_.query.group_by.size() > kMostGroups) refuse(Refusal::Kind::too_much, "", "group by", "more than 4 fields");
}

void Parser::order_by() {
  do {
    const Column by = column();
    Order order;
    const auto& outputs = coql_.query.outputs;
    const auto same = std::find_if(outputs.begin(), outputs.end(), [&](const Output& o) { return o.name == by.name; });
    if (same != outputs.end()) {
      order.output = static_cast<std::size_t>(same - outputs.begin());
    } else if (by.aggregate) {
      refuse(Refusal::Kind::field, by.name, "order by", "column given seems to be invalid");
    } else {
      order.field = path_of(by.path, "order by").canonical;
    }
    order.descending = skip("DESC");
    if (!order.descending) skip("ASC");
    order.nulls_last = order.descending;
    coql_.query.order_by.push_back(order);
  } while (!refusal_ && skip(","));
  if (coql_.query.order_by.size() > kMostOrders) refuse(Refusal::Kind::too_much, "", "order by", "more than 10 fields");
}

/// `limit n`, `limit offset, n`, `limit n offset m`, `offset m`.
void Parser::limit() {
  const auto number = [this](std::size_t most) {
    if (peek().kind != Token::Kind::number) refuse(Refusal::Kind::syntax, peek().text, "limit", "a number is missing");
    return bounded(take().text, 0, 0, most);
  };
  std::size_t rows = kUsualRows;
  if (skip("LIMIT")) {
    rows = number(1'000'000);
    if (skip(",")) coql_.query.offset = std::exchange(rows, number(1'000'000));
  }
  if (skip("OFFSET")) coql_.query.offset = number(1'000'000);
  if (rows > kMostRows) refuse(Refusal::Kind::too_much, std::to_string(rows), "limit", "limit is at most 2000");
  coql_.query.limit = rows;
}

boost::system::result<Coql, Refusal> Parser::run() {
  expect("SELECT", "select");
  const auto selected = columns();
  expect("FROM", "from");
  const std::string module = take().text;
  coql_.object = schema_.object(module);
  if (coql_.object == nullptr)
    refuse(Refusal::Kind::object, module, "from", "the module name given seems to be invalid");
  if (refusal_) return *refusal_;
  resolve_columns(selected);
  expect("WHERE", "where");
  if (!refusal_) coql_.query.where = criteria();
  if (!refusal_ && skip("GROUP")) {
    expect("BY", "group by");
    group_by();
  }
  if (!refusal_ && skip("ORDER")) {
    expect("BY", "order by");
    order_by();
  }
  limit();
  if (peek().kind != Token::Kind::end && !is(";"))
    refuse(Refusal::Kind::syntax, peek().text, "query", "unexpected text");
  if (refusal_) return *refusal_;
  return std::move(coql_);
}

}  // namespace

boost::system::result<Coql, Refusal> parse_coql(std::string_view text, const Schema& schema) {
  return Parser{text, schema}.run();
}

}  // namespace crmpulse::sandbox
