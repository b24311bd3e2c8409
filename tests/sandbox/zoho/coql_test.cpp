#include "sandbox/zoho/coql.h"

#include <catch2/catch.hpp>

#include "sandbox/zoho/parts.h"

using namespace crmpulse;
using namespace crmpulse::sandbox;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();

Coql parsed(std::string_view text) {
  auto coql = parse_coql(text, Schema{zoho::objects(), zoho::parse_id, ""});
  INFO(text << ": " << (coql ? "" : coql.error().message));
  REQUIRE(coql.has_value());
  return std::move(coql.value());
}

Refusal refused(std::string_view text, std::string_view missing = {}) {
  const auto coql = parse_coql(text, Schema{zoho::objects(), zoho::parse_id, missing});
  INFO(text);
  REQUIRE_FALSE(coql.has_value());
  return coql.error();
}

std::size_t total(std::string_view text) {
  const Company company{kNow};
  const Coql coql = parsed(text);
  return answer_query(Lookup{company, kNow}, *coql.object, coql.query).total;
}

}  // namespace

TEST_CASE("COQL of every measurement is understood") {
  for (const char* text :
       {"select Modified_Time from Leads where id is not null order by Modified_Time desc limit 1",
        "select COUNT(id) from Leads where Created_Time >= '2026-11-20T00:00:00+00:00'",
        "select Modified_By, COUNT(id) from Deals where Modified_Time >= '2026-11-20T00:00:00Z' group by Modified_By",
        "select COUNT(id) from Leads where (Email is null and Phone is null)",
        "select Email, COUNT(id) from Contacts where Email is not null group by Email limit 2000",
        "select COUNT(id) from Deals where (Stage not in ('Closed Won','Closed Lost') and Modified_Time < "
        "'2026-10-21T00:00:00+00:00')",
        "select SUM(Amount), COUNT(id) from Deals where (Stage = 'Closed Won' and Closing_Date between "
        "'2026-10-01' and '2026-10-31')",
        "select Who_Id, MIN(Created_Time) as first from Tasks where Who_Id is not null group by Who_Id",
        "select Last_Name from Leads where ((Company = 'a' and Last_Name like 'zz%') or Email is null) limit 5, 10",
        "SELECT id FROM Contacts WHERE Account_Name.Industry = 'Retail' LIMIT 10 OFFSET 20"}) {
    parsed(text);
  }
}

TEST_CASE("a COQL query says what it was asked") {
  const Coql coql = parsed(
      "select Stage, SUM(Amount) as total from Deals where id is not null group by Stage order by "
      "total desc limit 20, 10");
  CHECK(coql.object->name == "Deals");
  REQUIRE(coql.query.outputs.size() == 2);
  CHECK(coql.query.outputs[0].field == "stage");
  CHECK(coql.query.outputs[1].name == "total");
  CHECK(coql.query.outputs[1].aggregate == Aggregate::sum);
  CHECK(coql.query.order_by.at(0).output == 1);
  CHECK(coql.query.order_by.at(0).descending);
  CHECK(coql.query.offset == 20);
  CHECK(coql.query.limit == 10);
  CHECK(coql.grouped);
  CHECK(parsed("select id from Leads where id is not null").query.limit == 200);
}

TEST_CASE("COQL finds what the company has", "[slow]") {
  CHECK(total("select id from Contacts where Email is null") == 100);
  CHECK(total("select id from Contacts where Account_Name is null") == 48);
  CHECK(total("select id from Deals where Stage not in ('Closed Won', 'Closed Lost')") == 200);
  CHECK(total("select id from Calls where id is not null") == 0);
  const std::size_t about_contacts = total("select id from Tasks where Who_Id is not null");
  CHECK(about_contacts > 500);
  CHECK(total("select id from Tasks where $se_module = 'Leads'") + about_contacts <= 2000);
}

TEST_CASE("COQL's own bounds hold") {
  using Kind = Refusal::Kind;
  CHECK(refused("select id from Leads").kind == Kind::syntax);
  CHECK(refused("select id from Leads where Email is null and Phone is null and Company is null").kind == Kind::syntax);
  CHECK(refused("select Foo from Leads where id is not null").name == "Foo");
  CHECK(refused("select Foo from Leads where id is not null").kind == Kind::field);
  CHECK(refused("select id from Widgets where id is not null").kind == Kind::object);
  CHECK(refused("select id from Leads where Created_Time > 'soon'").kind == Kind::value);
  CHECK(refused("select id from Leads where id is not null limit 2001").kind == Kind::too_much);
  CHECK(refused("select id from Leads where id is not null having 1").kind == Kind::syntax);
  CHECK(refused("update Leads set a = 1").kind == Kind::syntax);
  CHECK(refused("").kind == Kind::syntax);
  CHECK(refused("select id from Leads where (((").kind == Kind::syntax);
  CHECK(refused("select id from Leads where Email = 'a").kind == Kind::syntax);
  CHECK(refused("select Email from Leads where id is not null", "Leads.Email").name == "Email");
  CHECK(refused("select Email from Leads where id is not null", "Leads").kind == Kind::object);
}

TEST_CASE("COQL refuses what a column of its type has not") {
  using Kind = Refusal::Kind;
  for (const char* text :
       {"select id from Leads where Description = 'x'", "select id from Leads where Description is null",
        "select id from Leads where id is not null order by Description",
        "select Description, COUNT(id) from Leads where id is not null group by Description",
        "select SUM(Stage) from Deals where id is not null", "select AVG(Created_Time) from Deals where id is not null",
        "select MAX(Last_Name) from Leads where id is not null", "select id from Leads where Email_Opt_Out > false",
        "select id from Deals where Amount like '1%'", "select id from Leads where Last_Name > 'a'",
        "select Stage, COUNT(id) from Deals where id is not null",
        "select Stage, Amount, COUNT(id) from Deals where id is not null group by Stage"}) {
    INFO(text);
    CHECK(refused(text).kind == Kind::value);
  }
  CHECK(refused("select id from Leads where Last_Name = Berg").kind == Kind::syntax);  // without quotes
  CHECK(refused("select id from Leads where Created_Time > 2026").kind == Kind::syntax);
  CHECK(refused("select id from Leads where Last_Name like 5").kind == Kind::syntax);
  parsed("select MAX(Amount), MIN(Created_Time), COUNT(Stage) from Deals where id is not null");
}
