#include "sandbox/company/query.h"

#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace crmpulse::sandbox;
using std::chrono::seconds;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();

Condition that(std::string field, Compare compare, std::vector<Value> values) {
  Condition condition;
  condition.kind = Condition::Kind::compare;
  condition.field = std::move(field);
  condition.compare = compare;
  condition.values = std::move(values);
  return condition;
}

Condition of(Condition::Kind kind, std::vector<Condition> children) {
  Condition condition;
  condition.kind = kind;
  condition.children = std::move(children);
  return condition;
}

Query from(Kind kind, Condition where = {}) {
  Query query;
  query.from = kind;
  query.where = std::move(where);
  query.outputs = {{"id", Aggregate::none, {}, "id"}};
  return query;
}

std::size_t count(const Company& company, Kind kind, Condition where) {
  return evaluate(company, from(kind, std::move(where)), kNow).total;
}

double number(const Value& value) {
  return std::get<double>(value);
}

}  // namespace

TEST_CASE("comparisons of a record's fields") {
  Company company{kNow};
  const RecordId id = company.create(Kind::lead, {{"last_name", "O'Neil"}, {"email", "a.b@c.example"}, {"score", 12.0}},
                                     company.api_user(), kNow);
  const Record& lead = *company.find(id);
  const auto is = [&](const Condition& condition) { return holds(company, condition, lead, kNow); };

  CHECK(is(that("last_name", Compare::equal, {"o'neil"})));
  CHECK(is(that("last_name", Compare::not_equal, {"Smith"})));
  CHECK(is(that("phone", Compare::equal, {Value{}})));
  CHECK_FALSE(is(that("phone", Compare::not_equal, {Value{}})));
  CHECK(is(that("phone", Compare::not_equal, {"1"})));
  CHECK_FALSE(is(that("phone", Compare::less, {"1"})));
  CHECK_FALSE(is(that("phone", Compare::like, {"%"})));
  CHECK(is(that("email", Compare::like, {"%_@_%._%"})));
  CHECK(is(that("email", Compare::like, {"A.B@%"})));
  CHECK_FALSE(is(that("email", Compare::like, {"a_b"})));
  CHECK(is(that("email", Compare::like, {"a\\.b%"})));
  CHECK(is(that("email", Compare::in, {"x", "a.b@c.example"})));
  CHECK(is(that("email", Compare::not_in, {"x", "y"})));
  CHECK(is(that("email", Compare::contains_word, {"c.example"})));
  CHECK(is(that("email", Compare::contains_word, {"exam*"})));
  CHECK_FALSE(is(that("email", Compare::contains_word, {"exam"})));
  CHECK(is(that("score", Compare::greater_equal, {12.0})));
  CHECK(is(that("score", Compare::less, {"12.5"})));
  CHECK(is(that("unread", Compare::equal, {"true"})));
  CHECK(is(that("created", Compare::equal, {kNow})));
  CHECK(is(that("created", Compare::equal, {std::to_string(unix_millis(kNow))})));
  CHECK(is(that("created", Compare::greater, {"2026-11-21"})));
  CHECK_FALSE(is(that("score", Compare::less, {"many"})));
  CHECK(is(of(Condition::Kind::none, {that("email", Compare::like, {"x%"})})));
  CHECK(is(of(Condition::Kind::any, {that("score", Compare::equal, {1.0}), that("score", Compare::equal, {12.0})})));
  CHECK_FALSE(is(of(Condition::Kind::all, {that("score", Compare::equal, {1.0}), Condition{}})));
  CHECK(is(that("kind", Compare::equal, {"Lead"})));
  CHECK(is(that("owner.email", Compare::equal, {"monitor@example.com"})));
  CHECK(is(that("account.name", Compare::equal, {Value{}})));
}

TEST_CASE("searches do not see what was just written, queries do") {
  Company company{kNow};
  company.set_search_lag(seconds{10});
  company.create(Kind::lead, {{"last_name", "Newest"}}, 1, kNow);
  const Query query = from(Kind::lead, that("last_name", Compare::equal, {"Newest"}));
  CHECK(evaluate(company, query, kNow).total == 1);
  CHECK(evaluate(company, query, kNow, true).total == 0);
  CHECK(evaluate(company, query, kNow + seconds{10}, true).total == 1);
}

TEST_CASE("rows are ordered, skipped and cut, and the total stays true") {
  const Company company{kNow};
  Query query = from(Kind::opportunity, that("amount", Compare::not_equal, {Value{}}));
  query.outputs.push_back({"amount", Aggregate::none, {}, "amount"});
  query.order_by = {{0, "amount", {}, true, false}};
  query.limit = 3;
  const Rows first = evaluate(company, query, kNow);
  REQUIRE(first.rows.size() == 3);
  CHECK(first.total > 400);
  CHECK(number(first.rows[0].values[1]) >= number(first.rows[1].values[1]));
  CHECK(number(first.rows[1].values[1]) >= number(first.rows[2].values[1]));
  CHECK(first.rows[0].id == static_cast<RecordId>(number(first.rows[0].values[0])));
  query.offset = 2;
  CHECK(evaluate(company, query, kNow).rows[0].id == first.rows[2].id);
  query.offset = 100'000;
  CHECK(evaluate(company, query, kNow).rows.empty());
}

TEST_CASE("nulls come first or last, whatever the direction") {
  const Company company{kNow};
  Query query = from(Kind::opportunity);
  query.outputs = {{"amount", Aggregate::none, {}, "amount"}};
  for (const bool descending : {false, true}) {
    query.order_by = {{0, {}, {}, descending, false}};
    CHECK(evaluate(company, query, kNow).rows.front().values[0] == Value{});
    query.order_by[0].nulls_last = true;
    CHECK(evaluate(company, query, kNow).rows.back().values[0] == Value{});
  }
}

TEST_CASE("aggregates without groups give one row, also of nothing") {
  const Company company{kNow};
  Query query = from(Kind::opportunity, that("amount", Compare::less, {-1.0}));
  query.outputs = {{"", Aggregate::count, {}, "n"},
                   {"amount", Aggregate::sum, {}, "s"},
                   {"created", Aggregate::max, {}, "newest"},
                   {"account", Aggregate::count_distinct, {}, "d"}};
  const Rows none = evaluate(company, query, kNow);
  REQUIRE(none.rows.size() == 1);
  CHECK(none.rows[0].values == std::vector<Value>{0.0, {}, {}, 0.0});
  query.where = {};
  const Rows all = evaluate(company, query, kNow);
  CHECK(number(all.rows[0].values[0]) == 500);
  CHECK(number(all.rows[0].values[1]) > 500 * 1000);
  CHECK(std::holds_alternative<TimePoint>(all.rows[0].values[2]));
  CHECK(number(all.rows[0].values[3]) < 400);
}

TEST_CASE("groups add up to the whole, by value and by part of a time") {
  const Company company{kNow};
  Query query = from(Kind::opportunity, that("won", Compare::equal, {true}));
  const Output year{"close_date", Aggregate::none, "year", "y"};
  const Output month{"close_date", Aggregate::none, "month", "m"};
  query.outputs = {year, month, {"amount", Aggregate::sum, {}, "total"}, {"id", Aggregate::count, {}, "n"}};
  query.group_by = {year, month};
  query.order_by = {{0, {}, {}, false, false}, {1, {}, {}, false, false}};
  const Rows rows = evaluate(company, query, kNow);
  CHECK(rows.rows.size() > 12);
  CHECK(rows.rows.size() < 27);
  double sum = 0;
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    sum += number(rows.rows[i].values[3]);
    if (i == 0) continue;
    const auto at = [&](std::size_t row) {
      return number(rows.rows[row].values[0]) * 12 + number(rows.rows[row].values[1]);
    };
    CHECK(at(i - 1) < at(i));
  }
  CHECK(sum == static_cast<double>(count(company, Kind::opportunity, that("won", Compare::equal, {true}))));
}

TEST_CASE("having keeps groups, and an order may look at what is not put out") {
  const Company company{kNow};
  Query query = from(Kind::contact, that("email", Compare::not_equal, {Value{}}));
  query.outputs = {{"email", Aggregate::none, {}, "email"}};
  query.group_by = query.outputs;
  const Output n{"id", Aggregate::count, {}, "n"};
  query.having = {n, {Compare::greater, 1.0}};
  Order most;
  most.expression = n;
  most.descending = true;
  query.order_by = {most};
  const Rows doubled = evaluate(company, query, kNow);
  CHECK(doubled.rows.size() > 20);
  CHECK(doubled.rows.size() < 40);
}

TEST_CASE("a subquery is a list of values") {
  const Company company{kNow};
  Query won = from(Kind::opportunity, that("won", Compare::equal, {true}));
  won.outputs = {{"account", Aggregate::none, {}, "account"}};
  Condition in = that("id", Compare::in, {});
  in.subquery = std::make_shared<Query>(won);
  won.outputs[0].aggregate = Aggregate::count_distinct;
  const double customers = number(evaluate(company, won, kNow).rows[0].values[0]);
  CHECK(customers > 50);
  CHECK(static_cast<double>(count(company, Kind::account, in)) == customers);
  in.compare = Compare::not_in;
  CHECK(static_cast<double>(count(company, Kind::account, in)) == 400 - customers);
}

TEST_CASE("deleted records are not found, and records from elsewhere can be asked too") {
  Company company{kNow};
  const RecordId id = company.of(Kind::case_).front();
  const std::size_t before = count(company, Kind::case_, {});
  REQUIRE(company.remove(id, 1, kNow));
  CHECK(count(company, Kind::case_, {}) == before - 1);
  std::vector<Record> licences(2);
  licences[0].fields = {{"name", "Platform"}, {"total", 10.0}, {"owner", 1.0}};
  licences[1].fields = {{"name", "Service"}, {"total", 20.0}};
  Query query = from(Kind::account, that("owner.name", Compare::equal, {"CRM Monitor"}));
  query.outputs = {{"total", Aggregate::none, {}, "total"}};
  const Rows rows = evaluate(company, licences, query, kNow);
  REQUIRE(rows.rows.size() == 1);
  CHECK(number(rows.rows[0].values[0]) == 10);
}
