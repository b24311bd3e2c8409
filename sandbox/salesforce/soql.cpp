#include "sandbox/salesforce/soql.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text/ascii.h"
#include "sandbox/company/values.h"
#include "sandbox/expression/operators.h"
#include "sandbox/expression/parser.h"

namespace crmpulse::sandbox {
namespace {

using expression::Flaw;
using expression::Joint;
using expression::Token;

constexpr std::array<std::string_view, 13> kClauses{"FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET",
                                                    "FOR",  "WITH",  "ALL",   "AND",    "OR",    "UPDATE"};
constexpr std::array<std::string_view, 4> kSymbols{"!=", "<>", "<=", ">="};

bool begins_word(char c) {
  return ascii::is_letter(c) || c == '_';
}
bool in_word(char c) {
  return begins_word(c) || ascii::is_digit(c) || c == '.';
}
/// Numbers, dates and times alike: 12.5, 2026-11-20, 2026-11-20T00:00:00+01:00.
bool in_number(char c) {
  return in_word(c) || c == ':' || c == '-' || c == '+';
}

/// LIKE reads `\%` and `\_` itself.
std::string escaped(char c) {
  static constexpr std::string_view kLetters = "nrtbfNRTBF";
  static constexpr std::string_view kMeant = "\n\r\t\b\f\n\r\t\b\f";
  if (const std::size_t place = kLetters.find(c); place != std::string_view::npos) return {kMeant[place]};
  if (c == '%' || c == '_') return {'\\', c};
  return c == '\'' || c == '"' || c == '\\' ? std::string{c} : std::string{};
}

Refusal flawed(Flaw flaw, char c, std::size_t at) {
  Refusal refusal;
  switch (flaw) {
    case Flaw::character:
      refusal.message = fmt::format("line 1:{} no viable alternative at character '{}'", at, c);
      break;
    case Flaw::escape:
      refusal.message = fmt::format("invalid string literal: illegal character sequence '\\{}'", c);
      break;
    case Flaw::open_text: refusal.message = "line 1: mismatched character '<EOF>' expecting '''"; break;
  }
  return refusal;
}

constexpr expression::Lexicon kLexicon{.begins_word = begins_word,
                                       .in_word = in_word,
                                       .in_number = in_number,
                                       .follows_sign = ascii::is_digit,
                                       .signs = "-+",
                                       .counted_words = true,
                                       .ignores_case = true,
                                       .escape = '\\',
                                       .escaped = escaped,
                                       .symbols = kSymbols,
                                       .single_symbols = "=<>(),",
                                       .refuse = flawed};

/// SOQL takes a row of ANDs or a row of ORs, and wants brackets where they mix.
constexpr std::array kJoints{Joint{"AND", 1, Condition::Kind::all}, Joint{"OR", 1, Condition::Kind::any}};
constexpr expression::Grammar kGrammar{kJoints, "NOT", expression::Mixing::alike, 31};

void drop_alias(SoqlField& field, std::string_view prefix) {
  if (ascii::upper(field.path).starts_with(prefix)) field.path.erase(0, prefix.size());
}
void drop_alias(SoqlCondition& condition, std::string_view prefix) {
  drop_alias(condition.field, prefix);
  for (SoqlCondition& child : condition.children) drop_alias(child, prefix);
}
void drop_alias(SoqlQuery& query, std::string_view prefix) {
  for (SoqlField& one : query.select) drop_alias(one, prefix);
  for (SoqlField& one : query.group_by) drop_alias(one, prefix);
  for (SoqlOrder& one : query.order_by) drop_alias(one.field, prefix);
  drop_alias(query.where, prefix);
  drop_alias(query.having, prefix);
}

class SoqlParser : public expression::Parser<SoqlCondition> {
 public:
  explicit SoqlParser(std::string_view text) : Parser(text, kLexicon, kGrammar) {}

  SoqlQuery whole() {
    SoqlQuery query = select();
    while (skip("FOR") || skip("UPDATE")) take();  // FOR VIEW, UPDATE TRACKING
    if (skip("ALL")) expect("ROWS");
    if (!at_end()) unexpected();
    return query;
  }

 private:
  [[noreturn]] void fail(std::string message) const { throw Refusal{{}, {}, {}, std::move(message), peek().at}; }
  [[noreturn]] void unexpected() const {
    fail(fmt::format("unexpected token: '{}'", at_end() ? "<EOF>" : peek().text));
  }
  [[noreturn]] void refuse_missing(std::string_view /*word*/) const override { unexpected(); }
  [[noreturn]] void refuse_depth() const override { fail("the query is nested too deeply"); }

  [[nodiscard]] bool is_name() const { return peek().kind == Token::Kind::word; }
  /// A name that is not a clause's word.
  [[nodiscard]] bool is_alias() const {
    const std::string word = ascii::upper(peek().text);
    return is_name() && std::find(kClauses.begin(), kClauses.end(), word) == kClauses.end();
  }
  std::string name() {
    if (!is_name()) unexpected();
    return take().text;
  }

  SoqlQuery select() {
    enter();
    SoqlQuery query;
    expect("SELECT");
    do query.select.push_back(selected());
    while (skip(","));
    expect("FROM");
    query.from_at = peek().at;
    query.from = name();
    const std::string alias = is_alias() ? name() : std::string{};
    if (skip("WHERE")) query.where = expression();
    if (skip("WITH")) take();  // USER_MODE, SECURITY_ENFORCED
    if (skip("GROUP")) {
      expect("BY");
      do query.group_by.push_back(field());
      while (skip(","));
    }
    if (skip("HAVING")) query.having = expression();
    if (skip("ORDER")) {
      expect("BY");
      do query.order_by.push_back(order());
      while (skip(","));
    }
    if (skip("LIMIT")) query.limit = count();
    if (skip("OFFSET")) query.offset = count();
    if (!alias.empty()) drop_alias(query, ascii::upper(alias) + ".");
    leave();
    return query;
  }

  SoqlField selected() {
    SoqlField out;
    out.at = peek().at;
    if (skip("(")) {
      out.child = std::make_shared<SoqlQuery>(select());
      expect(")");
      return out;
    }
    out = field();
    if (is_alias()) out.alias = name();
    return out;
  }

  SoqlField field() {
    enter();
    SoqlField out;
    out.at = peek().at;
    out.path = name();
    if (skip("(")) {
      out.function = ascii::upper(out.path);
      out.path.clear();
      if (!is(")")) {
        const SoqlField inner = field();
        if (!inner.function.empty() && inner.function != "CONVERTTIMEZONE") fail("unexpected token: '('");
        out.path = inner.path;
      }
      expect(")");
    }
    leave();
    return out;
  }

  SoqlOrder order() {
    SoqlOrder out;
    out.field = field();
    out.descending = skip("DESC");
    if (!out.descending) skip("ASC");
    if (!skip("NULLS")) return out;
    out.nulls_last = skip("LAST");
    if (!out.nulls_last) expect("FIRST");
    return out;
  }

  std::size_t count() {
    const auto number = number_from<std::size_t>(peek().text);
    if (peek().kind != Token::Kind::number || !number) unexpected();
    take();
    return *number;
  }

  SoqlCondition comparison() override {
    SoqlCondition out;
    out.kind = Condition::Kind::compare;
    out.field = field();
    const bool negated = skip("NOT");
    if (negated && !is("IN")) unexpected();
    if (skip("IN")) {
      out.compare = negated ? Compare::not_in : Compare::in;
      list(out);
      return out;
    }
    const bool symbol = peek().kind == Token::Kind::symbol;
    auto how = symbol ? expression::compare_of(expression::kSigns, peek().text) : std::nullopt;
    if (is("LIKE")) how = Compare::like;
    if (!how) unexpected();
    take();
    out.compare = *how;
    out.values.push_back(literal());
    return out;
  }

  void list(SoqlCondition& out) {
    expect("(");
    if (is("SELECT")) {
      out.subquery = std::make_shared<SoqlQuery>(select());
    } else {
      do out.values.push_back(literal());
      while (skip(","));
    }
    expect(")");
  }

  SoqlLiteral literal() {
    const Token& token = peek();
    std::optional<SoqlLiteral> found;
    if (token.kind == Token::Kind::text) found = SoqlLiteral{SoqlLiteral::Type::text, token.text, {}, 0};
    if (token.kind == Token::Kind::number) found = number(token.text);
    if (token.kind == Token::Kind::word) found = word(ascii::upper(token.text));
    if (!found) unexpected();
    take();
    return *found;
  }

  static std::optional<SoqlLiteral> word(const std::string& text) {
    if (text == "NULL") return SoqlLiteral{};
    if (text == "TRUE" || text == "FALSE") return SoqlLiteral{SoqlLiteral::Type::boolean, text == "TRUE", {}, 0};
    const std::size_t colon = text.find(':');
    const int n = colon == std::string::npos ? 0 : number_from<int>(text.substr(colon + 1)).value_or(-1);
    SoqlLiteral range{SoqlLiteral::Type::range, {}, text.substr(0, colon), n};
    if (n < 0 || n >= 100'000 || !range_of(range.name, range.count, TimePoint{})) return std::nullopt;
    return range;
  }

  static std::optional<SoqlLiteral> number(const std::string& text) {
    if (const auto value = number_from<double>(text)) return SoqlLiteral{SoqlLiteral::Type::number, *value, {}, 0};
    if (const auto day = parse_time(text + "T00:00:00Z"); text.size() == 10 && day)
      return SoqlLiteral{SoqlLiteral::Type::date, day.value(), {}, 0};
    const auto time = parse_time(text);
    return time ? std::optional{SoqlLiteral{SoqlLiteral::Type::datetime, time.value(), {}, 0}} : std::nullopt;
  }
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

Understood<SoqlQuery> parse_soql(std::string_view text) {
  return understood([text] { return SoqlParser{text}.whole(); });
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
