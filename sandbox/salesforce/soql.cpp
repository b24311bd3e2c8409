#include "sandbox/salesforce/soql.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "core/text/ascii.h"
#include "sandbox/salesforce/soql_lexer.h"

namespace crmpulse::sandbox {
namespace {

using Type = SoqlToken::Type;

constexpr int kMostDepth = 30;
constexpr std::array<std::string_view, 13> kClauses{"FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET",
                                                    "FOR",  "WITH",  "ALL",   "AND",    "OR",    "UPDATE"};

template <class T>
std::optional<T> whole_number(std::string_view text) {
  T out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

/// Recursive descent. A problem is thrown inside and becomes a value at parse_soql().
class Parser {
 public:
  explicit Parser(const std::vector<SoqlToken>& tokens) : tokens_(tokens) {}

  SoqlQuery whole() {
    SoqlQuery query = select();
    while (take_word("FOR") || take_word("UPDATE")) ++at_;  // FOR VIEW, UPDATE TRACKING
    if (take_word("ALL")) expect("ROWS");
    if (peek().type != Type::end) unexpected();
    return query;
  }

 private:
  [[nodiscard]] const SoqlToken& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  [[noreturn]] void fail(std::string message) const { throw SoqlProblem{std::move(message), peek().at}; }
  [[noreturn]] void unexpected() const {
    fail(fmt::format("unexpected token: '{}'", peek().type == Type::end ? "<EOF>" : peek().text));
  }
  bool is_word(std::string_view word, std::size_t ahead = 0) const {
    return peek(ahead).type != Type::text && peek(ahead).upper == word;
  }
  bool take_word(std::string_view word) {
    if (!is_word(word)) return false;
    ++at_;
    return true;
  }
  void expect(std::string_view word) {
    if (!take_word(word)) unexpected();
  }
  std::string name() {
    if (peek().type != Type::word) unexpected();
    return tokens_[at_++].text;
  }

  SoqlQuery select() {
    if (++depth_ > kMostDepth) fail("the query is nested too deeply");
    SoqlQuery query;
    expect("SELECT");
    do query.select.push_back(selected());
    while (take_word(","));
    expect("FROM");
    query.from_at = peek().at;
    query.from = name();
    std::string alias;
    if (peek().type == Type::word && !is_clause(peek().upper)) alias = name();
    if (take_word("WHERE")) query.where = condition();
    if (take_word("WITH")) ++at_;  // USER_MODE, SECURITY_ENFORCED
    if (take_word("GROUP")) {
      expect("BY");
      do query.group_by.push_back(field());
      while (take_word(","));
    }
    if (take_word("HAVING")) query.having = condition();
    if (take_word("ORDER")) {
      expect("BY");
      do query.order_by.push_back(order());
      while (take_word(","));
    }
    if (take_word("LIMIT")) query.limit = count();
    if (take_word("OFFSET")) query.offset = count();
    if (!alias.empty()) drop_alias(query, ascii::upper(alias) + ".");
    --depth_;
    return query;
  }

  static bool is_clause(std::string_view word) {
    return std::find(kClauses.begin(), kClauses.end(), word) != kClauses.end();
  }

  SoqlField selected() {
    SoqlField out;
    out.at = peek().at;
    if (take_word("(")) {
      out.child = std::make_shared<SoqlQuery>(select());
      expect(")");
      return out;
    }
    out = field();
    if (peek().type == Type::word && !is_clause(peek().upper)) out.alias = name();
    return out;
  }

  SoqlField field() {
    SoqlField out;
    out.at = peek().at;
    out.path = name();
    if (!take_word("(")) return out;
    out.function = ascii::upper(out.path);
    out.path.clear();
    if (take_word(")")) return out;
    SoqlField inner = field();
    if (!inner.function.empty() && inner.function != "CONVERTTIMEZONE") fail("unexpected token: '('");
    out.path = inner.path;
    expect(")");
    return out;
  }

  SoqlOrder order() {
    SoqlOrder out;
    out.field = field();
    if (take_word("DESC"))
      out.descending = true;
    else
      (void)take_word("ASC");
    if (!take_word("NULLS")) return out;
    out.nulls_last = is_word("LAST");
    if (!take_word("LAST")) expect("FIRST");
    return out;
  }

  std::size_t count() {
    const auto number = whole_number<std::size_t>(peek().text);
    if (peek().type != Type::number || !number) unexpected();
    ++at_;
    return *number;
  }

  /// SOQL takes a row of ANDs or a row of ORs, and wants brackets where they mix.
  SoqlCondition condition() {
    if (++depth_ > kMostDepth) fail("the query is nested too deeply");
    SoqlCondition first = term();
    for (const auto& [word, kind] : {std::pair{"AND", Condition::Kind::all}, std::pair{"OR", Condition::Kind::any}}) {
      if (!is_word(word)) continue;
      SoqlCondition row;
      row.kind = kind;
      row.children.push_back(std::move(first));
      while (take_word(word)) row.children.push_back(term());
      first = std::move(row);
      break;
    }
    if (is_word("AND") || is_word("OR")) unexpected();
    --depth_;
    return first;
  }

  SoqlCondition term() {
    if (take_word("NOT")) {
      SoqlCondition none;
      none.kind = Condition::Kind::none;
      none.children.push_back(term());
      return none;
    }
    if (take_word("(")) {
      SoqlCondition inner = condition();
      expect(")");
      return inner;
    }
    return comparison();
  }

  SoqlCondition comparison() {
    SoqlCondition out;
    out.kind = Condition::Kind::compare;
    out.field = field();
    if (take_word("NOT")) {
      expect("IN");
      out.compare = Compare::not_in;
      list(out);
      return out;
    }
    if (take_word("IN")) {
      out.compare = Compare::in;
      list(out);
      return out;
    }
    out.compare = compare();
    out.values.push_back(literal());
    return out;
  }

  Compare compare() {
    static constexpr std::array<std::pair<std::string_view, Compare>, 8> kWords{{{"=", Compare::equal},
                                                                                 {"!=", Compare::not_equal},
                                                                                 {"<>", Compare::not_equal},
                                                                                 {"<=", Compare::less_equal},
                                                                                 {">=", Compare::greater_equal},
                                                                                 {"<", Compare::less},
                                                                                 {">", Compare::greater},
                                                                                 {"LIKE", Compare::like}}};
    for (const auto& [word, which] : kWords) {
      if (take_word(word)) return which;
    }
    unexpected();
  }

  void list(SoqlCondition& out) {
    expect("(");
    if (is_word("SELECT")) {
      out.subquery = std::make_shared<SoqlQuery>(select());
    } else {
      do out.values.push_back(literal());
      while (take_word(","));
    }
    expect(")");
  }

  SoqlLiteral literal() {
    const SoqlToken token = peek();
    ++at_;
    if (token.type == Type::text) return {SoqlLiteral::Type::text, token.text, {}, 0};
    if (token.type == Type::number) return number(token);
    if (token.upper == "NULL") return {};
    if (token.upper == "TRUE" || token.upper == "FALSE")
      return {SoqlLiteral::Type::boolean, token.upper == "TRUE", {}, 0};
    const std::size_t colon = token.upper.find(':');
    const int n = colon == std::string::npos ? 0 : whole_number<int>(token.upper.substr(colon + 1)).value_or(-1);
    SoqlLiteral range{SoqlLiteral::Type::range, {}, token.upper.substr(0, colon), n};
    if (token.type == Type::word && n >= 0 && n < 100'000 && range_of(range.name, range.count, TimePoint{}))
      return range;
    --at_;
    unexpected();
  }

  SoqlLiteral number(const SoqlToken& token) {
    if (const auto value = whole_number<double>(token.text)) return {SoqlLiteral::Type::number, *value, {}, 0};
    if (token.text.size() == 10) {
      if (const auto day = parse_time(token.text + "T00:00:00Z")) return {SoqlLiteral::Type::date, day.value(), {}, 0};
    }
    if (const auto time = parse_time(token.text)) return {SoqlLiteral::Type::datetime, time.value(), {}, 0};
    --at_;
    unexpected();
  }

  static void drop_alias(SoqlField& field, std::string_view prefix) {
    if (ascii::upper(field.path).starts_with(prefix)) field.path.erase(0, prefix.size());
  }
  static void drop_alias(SoqlCondition& condition, std::string_view prefix) {
    drop_alias(condition.field, prefix);
    for (SoqlCondition& child : condition.children) drop_alias(child, prefix);
  }
  static void drop_alias(SoqlQuery& query, std::string_view prefix) {
    for (SoqlField& one : query.select) drop_alias(one, prefix);
    for (SoqlField& one : query.group_by) drop_alias(one, prefix);
    for (SoqlOrder& one : query.order_by) drop_alias(one.field, prefix);
    drop_alias(query.where, prefix);
    drop_alias(query.having, prefix);
  }

  const std::vector<SoqlToken>& tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

using std::chrono::days;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::weeks;
using std::chrono::year_month;
using std::chrono::years;

TimePoint first_of(year_month month) {
  return sys_days{month / 1};
}

/// Returns the range from `from` to `to` (exclusive), in units of `unit` months counted from `start`.
SoqlRange in_months(year_month start, int unit, int from, int to) {
  return {first_of(start + months{unit * from}), first_of(start + months{unit * to})};
}

SoqlRange in_days(sys_days start, int unit, int from, int to) {
  return {TimePoint{start + days{unit * from}}, TimePoint{start + days{unit * to}}};
}

}  // namespace

void throw_exception_from_error(const SoqlProblem& problem, const boost::source_location&) {
  throw std::runtime_error(problem.message);
}

SoqlResult parse_soql(std::string_view text) {
  const auto tokens = soql_tokens(text);
  if (!tokens) return SoqlProblem{tokens.error().message, 0};
  try {
    return Parser{tokens.value()}.whole();
  } catch (const SoqlProblem& problem) {
    return problem;
  }
}

std::optional<SoqlRange> range_of(std::string_view name, int n, TimePoint now) {
  const sys_days today = std::chrono::floor<days>(now);
  const std::chrono::year_month_day date{today};
  const year_month month{date.year(), date.month()};
  const year_month year{date.year(), std::chrono::January};
  const year_month quarter = year + months{(static_cast<int>(static_cast<unsigned>(date.month())) - 1) / 3 * 3};
  const sys_days week = today - days{std::chrono::weekday{today}.c_encoding()};  // weeks begin on Sunday

  if (name == "TODAY") return in_days(today, 1, 0, 1);
  if (name == "YESTERDAY") return in_days(today, 1, -1, 0);
  if (name == "TOMORROW") return in_days(today, 1, 1, 2);
  if (name == "LAST_90_DAYS") return in_days(today, 1, -90, 1);
  if (name == "NEXT_90_DAYS") return in_days(today, 1, 1, 91);
  // The days include today; weeks, months, quarters and years leave the present one out.
  if (name == "LAST_N_DAYS") return in_days(today, 1, -n, 1);
  if (name == "NEXT_N_DAYS") return in_days(today, 1, 1, n + 1);
  if (name == "N_DAYS_AGO") return in_days(today, 1, -n, 1 - n);

  std::string plain{name};  // fiscal years are calendar years here
  if (const std::size_t fiscal = plain.find("FISCAL_"); fiscal != std::string::npos) plain.erase(fiscal, 7);
  const auto within = [&](std::string_view unit, int from, int to) -> SoqlRange {
    if (unit == "WEEK") return in_days(week, 7, from, to);
    if (unit == "MONTH") return in_months(month, 1, from, to);
    if (unit == "QUARTER") return in_months(quarter, 3, from, to);
    return in_months(year, 12, from, to);
  };
  for (const std::string_view unit : {"WEEK", "MONTH", "QUARTER", "YEAR"}) {
    if (plain == fmt::format("THIS_{}", unit)) return within(unit, 0, 1);
    if (plain == fmt::format("LAST_{}", unit)) return within(unit, -1, 0);
    if (plain == fmt::format("NEXT_{}", unit)) return within(unit, 1, 2);
    if (plain == fmt::format("LAST_N_{}S", unit)) return within(unit, -n, 0);
    if (plain == fmt::format("NEXT_N_{}S", unit)) return within(unit, 1, n + 1);
    if (plain == fmt::format("N_{}S_AGO", unit)) return within(unit, -n, 1 - n);
  }
  return std::nullopt;
}

}  // namespace crmpulse::sandbox
