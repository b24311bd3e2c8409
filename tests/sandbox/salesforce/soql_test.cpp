#include "sandbox/salesforce/soql.h"

#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace crmpulse::sandbox;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:30:00Z").value();  // a Saturday

std::string range(const char* name, int count = 0) {
  const auto found = range_of(name, count, kNow);
  REQUIRE(found.has_value());
  return format_time(found->begin).substr(0, 10) + " " + format_time(found->end).substr(0, 10);
}

Refusal problem(const char* text) {
  const auto query = parse_soql(text);
  REQUIRE(query.has_error());
  return query.error();
}

}  // namespace

TEST_CASE("SOQL is read into names and literals") {
  const auto parsed = parse_soql(
      "select Id, Account.Name, COUNT_DISTINCT(OwnerId) owners, CALENDAR_YEAR(CloseDate), (SELECT Id FROM Tasks LIMIT "
      "1) "
      "FROM Opportunity o WHERE (o.Amount >= 12.5 OR Name LIKE 'It\\'s 5\\%%') AND NOT IsWon = true AND CreatedDate = "
      "LAST_N_DAYS:30 AND OwnerId NOT IN ('a', 'b') AND AccountId IN (SELECT Id FROM Account WHERE Name != null) WITH "
      "USER_MODE GROUP BY Id HAVING COUNT(Id) > 1 ORDER BY COUNT(Id) DESC NULLS LAST, Id LIMIT 5 OFFSET 2 FOR VIEW");
  REQUIRE(parsed.has_value());
  const SoqlQuery& query = parsed.value();
  REQUIRE(query.select.size() == 5);
  CHECK(query.select[1].path == "Account.Name");
  CHECK(query.select[2].function == "COUNT_DISTINCT");
  CHECK(query.select[2].alias == "owners");
  CHECK(query.select[3].path == "CloseDate");
  REQUIRE(query.select[4].child);
  CHECK(query.select[4].child->from == "Tasks");
  CHECK(query.from == "Opportunity");
  REQUIRE(query.where.children.size() == 5);
  CHECK(query.where.kind == Condition::Kind::all);
  const auto& either = query.where.children[0];
  CHECK(either.kind == Condition::Kind::any);
  CHECK(either.children[0].field.path == "Amount");
  CHECK(either.children[0].values[0].value == Value{12.5});
  CHECK(either.children[1].values[0].value == Value{"It's 5\\%%"});
  CHECK(query.where.children[1].kind == Condition::Kind::none);
  CHECK(query.where.children[2].values[0].name == "LAST_N_DAYS");
  CHECK(query.where.children[2].values[0].count == 30);
  CHECK(query.where.children[3].compare == Compare::not_in);
  CHECK(query.where.children[3].values.size() == 2);
  REQUIRE(query.where.children[4].subquery);
  CHECK(query.where.children[4].subquery->where.values[0].type == SoqlLiteral::Type::null);
  CHECK(query.order_by[0].descending);
  CHECK(query.order_by[0].nulls_last);
  CHECK(query.limit == 5);
  CHECK(query.offset == 2);
}

TEST_CASE("SOQL that is wrong is refused where it is wrong") {
  CHECK(problem("SELEC Id FROM Lead").at == 0);
  CHECK(problem("SELECT Id FRM Lead").at == 14);
  CHECK(problem("SELECT Id FROM Lead WHERE A = 1 AND B = 2 OR C = 3").message == "unexpected token: 'OR'");
  CHECK(problem("SELECT Id FROM Lead LIMIT").message == "unexpected token: '<EOF>'");
  CHECK(problem("SELECT Id FROM Lead WHERE CreatedDate > NEXT_SOMEDAY").at == 40);
  CHECK(problem("SELECT Id FROM Lead WHERE CreatedDate > 2026-13-01").at == 40);
  for (const char* wrong :
       {"", "SELECT", "SELECT Id FROM Lead WHERE Name = 'x", "SELECT Id FROM Lead WHERE Name = '\\x'",
        "SELECT Id FROM Lead WHERE (Name = 'x'", "SELECT Id FROM Lead WHERE Name ~ 'x'", "SELECT Id, FROM Lead",
        "SELECT Id FROM Lead LIMIT -1", "SELECT Id FROM Lead extra words", "SELECT SUM(AVG(x)) FROM Lead",
        "SELECT Id FROM Lead WHERE A IN ()"}) {
    INFO(wrong);
    CHECK(parse_soql(wrong).has_error());
  }
  std::string deep = "SELECT Id FROM Lead WHERE ";
  for (int i = 0; i < 1000; ++i) deep += "(";
  CHECK(parse_soql(deep).has_error());
}

TEST_CASE("date literals are whole days, weeks, months and years in UTC") {
  CHECK(range("TODAY") == "2026-11-21 2026-11-22");
  CHECK(range("YESTERDAY") == "2026-11-20 2026-11-21");
  CHECK(range("TOMORROW") == "2026-11-22 2026-11-23");
  CHECK(range("LAST_N_DAYS", 30) == "2026-10-22 2026-11-22");
  CHECK(range("NEXT_N_DAYS", 3) == "2026-11-22 2026-11-25");
  CHECK(range("N_DAYS_AGO", 7) == "2026-11-14 2026-11-15");
  CHECK(range("THIS_WEEK") == "2026-11-15 2026-11-22");
  CHECK(range("LAST_WEEK") == "2026-11-08 2026-11-15");
  CHECK(range("THIS_MONTH") == "2026-11-01 2026-12-01");
  CHECK(range("LAST_N_MONTHS", 12) == "2025-11-01 2026-11-01");
  CHECK(range("N_MONTHS_AGO", 1) == "2026-10-01 2026-11-01");
  CHECK(range("THIS_QUARTER") == "2026-10-01 2027-01-01");
  CHECK(range("LAST_QUARTER") == "2026-07-01 2026-10-01");
  CHECK(range("NEXT_YEAR") == "2027-01-01 2028-01-01");
  CHECK(range("LAST_N_FISCAL_YEARS", 2) == "2024-01-01 2026-01-01");
  CHECK_FALSE(range_of("LAST_N_MOONS", 2, kNow));
}
