#include "tests/sandbox/odoo/odoo_caller.h"

using namespace crmpulse;
using namespace crmpulse::test;
using sandbox::Kind;
using sandbox::Record;

TEST_CASE("Odoo is alive and tells its version without a login") {
  Odoo odoo;
  CHECK(odoo.json("GET", "/web/health").at("status") == "pass");
  CHECK(odoo.call.operation == "health");
  CHECK(odoo.json("POST", "/web/webclient/version_info").at_pointer("/result/server_serie") == "17.0");
  CHECK(odoo.rpc("common", "version", "[]").at_pointer("/result/server_version") == "17.0");
}

TEST_CASE("Odoo's login gives the user's id, or false") {
  Odoo odoo;
  const auto uid = odoo.company.api_user();
  CHECK(odoo.rpc("common", "login", R"(["sandbox","monitor@example.com","sandbox-client-secret"])").at("result") ==
        uid);
  CHECK(odoo.call.operation == "token");
  CHECK(odoo.rpc("common", "login", R"(["sandbox","monitor@example.com","pat-na1-sandbox"])").at("result") == uid);
  CHECK(odoo.rpc("common", "login", R"(["sandbox","monitor@example.com","wrong"])").at("result") == false);
  CHECK(odoo.error(odoo.rpc("common", "login", R"(["other","monitor@example.com","x"])")) ==
        "psycopg2.OperationalError");
  const auto refused = odoo.execute("crm.lead", "search_count", "[[]]", "wrong");
  CHECK(odoo.error(refused) == "odoo.exceptions.AccessDenied");
  CHECK(refused.at("id") == 7);
}

TEST_CASE("Odoo's domains find the records of the company", "[slow]") {
  Odoo odoo;
  const auto open_leads = [](const Record& lead) {
    return !is_true(lead, "converted") &&
           sandbox::field(lead, "status") != sandbox::Value{std::string{"Closed - Not Converted"}};
  };
  CHECK(odoo.count("crm.lead", R"([["type","=","lead"]])") == odoo.count(Kind::lead, open_leads));
  CHECK(odoo.count("crm.lead", R"([["type","=","lead"],["email_from","=",false]])") ==
        odoo.count(Kind::lead, [&](const Record& lead) { return open_leads(lead) && is_null(lead, "email"); }));
  CHECK(odoo.count("crm.lead", R"([["type","=","opportunity"],["stage_id.is_won","=",true]])") ==
        odoo.count(Kind::opportunity, [](const Record& deal) { return is_true(deal, "won"); }));
  const std::size_t lost = odoo.count(
      Kind::opportunity, [](const Record& deal) { return is_true(deal, "closed") && !is_true(deal, "won"); });
  REQUIRE(lost > 0);
  CHECK(odoo.count("crm.lead", R"([["type","=","opportunity"],["active","=",false],["probability","=",0]])") == lost);
  const std::size_t all = odoo.company.of(Kind::lead).size() + odoo.company.of(Kind::opportunity).size();
  CHECK(odoo.count("crm.lead", "[]", R"({"context":{"active_test":false}})") == all);
  CHECK(odoo.count("crm.lead", R"(["|",["active","=",true],["active","=",false]])") == all);
  CHECK(odoo.count("res.partner", R"(["!",["is_company","=",true]])") == odoo.company.of(Kind::contact).size());
  CHECK(odoo.count("crm.lead", R"([["active","in",[true,false]],["create_date",">=","2026-11-14 09:00:00"]])") ==
        odoo.count(Kind::lead, [&](const Record& lead) { return lead.created >= odoo.now - std::chrono::hours{168}; }) +
            odoo.count(Kind::opportunity,
                       [&](const Record& deal) { return deal.created >= odoo.now - std::chrono::hours{168}; }));
}

TEST_CASE("Odoo groups, orders and cuts", "[slow]") {
  Odoo odoo;
  const auto groups = odoo.execute("crm.lead", "read_group",
                                   R"([[["type","=","opportunity"]],["expected_revenue:sum"],["stage_id"]],{})");
  std::size_t members = 0;
  for (const auto& group : groups.at("result").as_array()) {
    members += group.at("stage_id_count").to_number<std::size_t>();
    CHECK(group.at("stage_id").as_array().size() == 2);
  }
  CHECK(members == odoo.count("crm.lead", R"([["type","=","opportunity"]])"));
  const auto newest =
      odoo.execute("res.partner", "search_read", R"([[],["write_date"]],{"order":"write_date desc, id","limit":2})");
  const auto& rows = newest.at("result").as_array();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("write_date").as_string() >= rows[1].at("write_date").as_string());
  const auto total =
      odoo.execute("sale.order", "read_group",
                   R"([[["state","=","sale"]],["amount_total:sum","partner_id:count_distinct"],[]],{"lazy":false})");
  double sum = 0;
  for (const auto id : odoo.company.of(Kind::opportunity)) {
    const Record& deal = *odoo.company.find(id);
    const auto amount = sandbox::field(deal, "amount");
    if (is_true(deal, "won") && std::holds_alternative<double>(amount)) sum += std::get<double>(amount);
  }
  CHECK(total.at_pointer("/result/0/amount_total").to_number<double>() == Approx(sum));
}

TEST_CASE("an Odoo lead is created, read, found, changed and deleted") {
  Odoo odoo;
  const auto made = odoo.execute("crm.lead", "create",
                                 R"([{"name":"zz-crm-health-probe a1","type":"lead","email_from":"x@y.invalid"}])");
  CHECK(odoo.call.operation == "create");
  const std::string id = std::to_string(made.at("result").to_number<std::uint64_t>());
  const auto read = odoo.execute("crm.lead", "read", "[[" + id + R"(],["name","email_from","mobile"]])");
  CHECK(read.at_pointer("/result/0/name") == "zz-crm-health-probe a1");
  CHECK(read.at_pointer("/result/0/mobile") == false);
  CHECK(odoo.count("crm.lead", R"([["name","ilike","CRM-health"]])") == 1);
  CHECK(odoo.execute("crm.lead", "write", "[[" + id + R"(],{"function":"probe-2"}])").at("result") == true);
  CHECK(odoo.count("crm.lead", R"([["function","=","probe-2"]])") == 1);
  CHECK(odoo.execute("crm.lead", "unlink", "[[" + id + "]]").at("result") == true);
  CHECK(odoo.error(odoo.execute("crm.lead", "read", "[[" + id + "]]")) == "odoo.exceptions.MissingError");
  CHECK(odoo.count("crm.lead", R"([["name","ilike","CRM-health"]])") == 0);
}

TEST_CASE("Odoo's errors come with HTTP 200") {
  Odoo odoo;
  CHECK(odoo.error(odoo.execute("crm.leads", "search_count", "[[]]")) == "odoo.exceptions.UserError");
  CHECK(odoo.error(odoo.execute("crm.lead", "search_count", R"([[["colour","=",1]]])")) == "builtins.ValueError");
  CHECK(odoo.error(odoo.execute("crm.lead", "create", "[{}]")) == "odoo.exceptions.ValidationError");
  CHECK(odoo.send("POST", "/jsonrpc", "hello").status == 400);
  odoo.faults.push_back({"odoo", "", "missing_field", 0, 1, "crm.lead.email_from"});
  const auto gone = odoo.execute("crm.lead", "search_count", R"([[["email_from","=",false]]])");
  CHECK(std::string{gone.at_pointer("/error/data/message").as_string()}.starts_with(
      "Invalid field crm.lead.email_from in leaf"));
  CHECK(odoo.count("crm.lead", R"([["phone","=",false],["type","=","lead"]])") > 0);
}
