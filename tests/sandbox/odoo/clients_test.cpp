// What Odoo's usual clients call before they ask for anything, and what Odoo refuses them.

#include "tests/sandbox/odoo/odoo_caller.h"

using namespace crmpulse;
using namespace crmpulse::test;
using sandbox::Kind;

TEST_CASE("Odoo's db service tells the database and the version, and does nothing to either") {
  Odoo odoo;
  CHECK(odoo.rpc("db", "list", "[]").at("result") == boost::json::parse(R"(["sandbox"])"));
  CHECK(odoo.call.operation == "health");
  CHECK(odoo.rpc("db", "server_version", "[]").at("result") == "17.0");
  CHECK(odoo.rpc("db", "db_exist", R"(["sandbox"])").at("result") == true);
  CHECK(odoo.rpc("db", "db_exist", R"(["other"])").at("result") == false);
  CHECK(odoo.rpc("db", "list_lang", "[]").at_pointer("/result/0/0") == "en_US");
  CHECK(odoo.error(odoo.rpc("db", "drop", R"(["admin","sandbox"])")) == "odoo.exceptions.AccessDenied");
  CHECK(odoo.error(odoo.rpc("db", "explode", "[]")) == "builtins.KeyError");
  CHECK(odoo.error(odoo.rpc("report", "render", "[]")) == "builtins.KeyError");
}

TEST_CASE("Odoo's login has three arguments, its authenticate four") {
  Odoo odoo;
  const auto uid = odoo.company.api_user();
  const std::string who = R"("sandbox","monitor@example.com","sandbox-client-secret")";
  CHECK(odoo.rpc("common", "login", "[" + who + "]").at("result") == uid);
  CHECK(odoo.rpc("common", "authenticate", "[" + who + ",{}]").at("result") == uid);
  CHECK(odoo.error(odoo.rpc("common", "authenticate", "[" + who + "]")) == "builtins.TypeError");
  CHECK(odoo.rpc("common", "about", "[]").at("result").is_string());
  CHECK(odoo.error(odoo.rpc("common", "timezone_get", "[" + who + "]")) == "builtins.Exception");
}

TEST_CASE("Odoo tells a user's context, rights and fields by execute as by execute_kw") {
  Odoo odoo;
  const std::string login = R"(["sandbox",)" + std::to_string(odoo.company.api_user()) + R"(,"sandbox-client-secret",)";
  const auto context = odoo.rpc("object", "execute", login + R"("res.users","context_get"])");
  CHECK(context.at_pointer("/result/uid") == odoo.company.api_user());
  CHECK(odoo.execute("crm.lead", "check_access_rights", R"(["write"])").at("result") == true);
  CHECK(odoo.execute("sale.order", "check_access_rights", R"(["create",false])").at("result") == false);
  CHECK(odoo.error(odoo.execute("sale.order", "check_access_rights", R"(["create"])")) ==
        "odoo.exceptions.AccessError");
  CHECK(odoo.error(odoo.execute("sale.order", "check_access_rights", R"(["explode"])")) == "builtins.AssertionError");
  CHECK(odoo.execute("ir.model.access", "check", R"(["crm.lead","unlink"])").at("result") == true);
  const auto type =
      odoo.execute("crm.lead", "fields_get", R"([["type","description"]],{"attributes":["type","selection"]})");
  CHECK(type.at_pointer("/result/type/type") == "selection");
  CHECK(type.at_pointer("/result/type/selection/1/0") == "opportunity");
  CHECK(type.at_pointer("/result/description/type") == "text");
  CHECK(type.at("result").as_object().size() == 2);
  CHECK(odoo.count("ir.model", R"([["model","=","crm.lead"]])") == 1);
}

TEST_CASE("Odoo gives a reference with its name, or the number alone where names are not wanted") {
  Odoo odoo;
  const std::string which = "[[" + std::to_string(odoo.company.of(Kind::opportunity).front()) + R"(],["user_id"])";
  const auto user = [&](const std::string& rest) {
    return odoo.execute("crm.lead", "read", which + rest + "]").at_pointer("/result/0/user_id");
  };
  CHECK(user("").as_array().size() == 2);
  CHECK(user(R"(,"_classic_read")").as_array().front() == user("").as_array().front());
  CHECK(user(R"(,"_classic_write")") == user("").as_array().front());
  const auto found = odoo.execute("crm.lead", "search_read", R"([[],["stage_id"]],{"limit":1,"load":false})");
  CHECK(found.at_pointer("/result/0/stage_id").is_int64());
}

TEST_CASE("Odoo names its records") {
  Odoo odoo;
  const auto lead = odoo.company.of(Kind::opportunity).front();
  const auto names = odoo.execute("crm.lead", "name_get", "[[" + std::to_string(lead) + "]]");
  CHECK(names.at_pointer("/result/0/0") == lead);
  CHECK(names.at_pointer("/result/0/1").as_string() ==
        std::get<std::string>(sandbox::field(*odoo.company.find(lead), "name")));
  const auto found = odoo.execute("res.partner", "name_search", R"(["Retail"],{"limit":3})");
  CHECK(found.at("result").as_array().size() == 3);
  CHECK(odoo.error(odoo.execute("crm.lead", "name_get", "[[999999999]]")) == "odoo.exceptions.MissingError");
}

TEST_CASE("Odoo's methods take the arguments they have, and no other") {
  Odoo odoo;
  const auto refused = [&](const std::string& method, const std::string& rest) {
    const auto told = odoo.execute("crm.lead", method, rest);
    INFO(told);
    return odoo.error(told);
  };
  CHECK(refused("search", R"([[]],{"limits":5})") == "builtins.TypeError");
  CHECK(refused("search", R"([[],0,5,"id",false,{}])") == "builtins.TypeError");
  CHECK(refused("search", R"([[],0],{"offset":5})") == "builtins.TypeError");
  CHECK(refused("search", R"([[]],{"limit":"many"})") == "builtins.TypeError");
  CHECK(refused("search", R"([[]],{"limit":-1})") == "psycopg2.errors.InvalidRowCountInLimitClause");
  CHECK(refused("search", R"([[]],{"order":"write_date down"})") == "odoo.exceptions.UserError");
  CHECK(refused("search", R"([[]],{"order":"stage_id.is_won"})") == "builtins.ValueError");
  CHECK(refused("read", R"([["seven"]])") == "builtins.TypeError");
  CHECK(refused("search_read", R"([[],["stage_id/is_won"]])") == "builtins.ValueError");
  CHECK(refused("fields_get_keys", "[]") == "builtins.AttributeError");
  CHECK(refused("context_get", "[]") == "builtins.AttributeError");
  CHECK(odoo.execute("crm.lead", "search", R"([[]],{"limit":2,"context":{"lang":"en_US"}})")
            .at("result")
            .as_array()
            .size() == 2);
}

TEST_CASE("Odoo's domains refuse what is not searched, and lists where there is to be one value") {
  Odoo odoo;
  const auto refused = [&](const std::string& model, const std::string& domain) {
    return odoo.error(odoo.execute(model, "search_count", "[" + domain + "]"));
  };
  CHECK(refused("mail.activity", R"([["state","=","overdue"]])") == "builtins.ValueError");
  CHECK(refused("crm.lead", R"([["type","in","lead"]])") == "builtins.ValueError");
  CHECK(refused("crm.lead", R"([["create_date",">=",["2026-11-01"]]])") == "builtins.ValueError");
  CHECK(refused("crm.lead", R"([["create_date",">=","soon"]])") == "builtins.ValueError");
  CHECK(refused("crm.lead", R"([["type","resembles","lead"]])") == "builtins.ValueError");
  CHECK(odoo.count("crm.lead", R"([["type","in",["lead"]]])") == odoo.count("crm.lead", R"([["type","=","lead"]])"));
}

TEST_CASE("Odoo groups by stored fields, and adds up what is a number") {
  Odoo odoo;
  const auto group = [&](const std::string& model, const std::string& fields, const std::string& by,
                         const std::string& more = "{}") {
    const auto told = odoo.execute(model, "read_group", "[[]," + fields + "," + by + "]," + more);
    return told.as_object().contains("error") ? odoo.error(told) : std::string{"taken"};
  };
  CHECK(group("crm.lead", R"(["expected_revenue:sum"])", R"(["stage_id"])") == "taken");
  CHECK(group("crm.lead", R"(["name:sum"])", R"(["stage_id"])") == "psycopg2.errors.UndefinedFunction");
  CHECK(group("crm.lead", R"(["active:max"])", R"(["stage_id"])") == "psycopg2.errors.UndefinedFunction");
  CHECK(group("crm.lead", R"(["expected_revenue:mean"])", R"(["stage_id"])") == "builtins.ValueError");
  CHECK(group("crm.lead", "[]", R"(["stage_id.is_won"])") == "builtins.ValueError");
  CHECK(group("crm.lead", "[]", R"(["create_date:decade"])") == "builtins.ValueError");
  CHECK(group("crm.lead", "[]", R"(["type:month"])") == "builtins.ValueError");
  CHECK(group("res.users", "[]", R"(["login_date:month"])") == "builtins.ValueError");
  CHECK(group("crm.lead", "[]", R"(["type"])", R"({"orderby":"colour"})") == "builtins.ValueError");
  const auto bare = odoo.execute("crm.lead", "read_group", R"([[],["name","expected_revenue"],["type"]])");
  CHECK_FALSE(bare.at_pointer("/result/0").as_object().contains("name"));
  const auto sorted =
      odoo.execute("crm.lead", "read_group", R"([[],[],["stage_id"]],{"orderby":"stage_id_count desc"})");
  const auto& groups = sorted.at("result").as_array();
  REQUIRE(groups.size() > 2);
  for (std::size_t i = 1; i < groups.size(); ++i)
    CHECK(groups[i - 1].at("stage_id_count").to_number<int>() >= groups[i].at("stage_id_count").to_number<int>());
}

TEST_CASE("Odoo writes selections it has, and references to what is there") {
  Odoo odoo;
  const auto create = [&](const std::string& model, const std::string& values) {
    const auto told = odoo.execute(model, "create", "[" + values + "]");
    return told.as_object().contains("error") ? odoo.error(told) : std::string{"taken"};
  };
  CHECK(create("crm.lead", R"({"name":"zz","type":"opportunity","stage_id":2})") == "taken");
  CHECK(create("crm.lead", R"({"name":"zz","type":"deal"})") == "builtins.ValueError");
  CHECK(create("crm.lead", R"({"name":"zz","stage_id":99})") == "odoo.exceptions.ValidationError");
  CHECK(create("crm.lead", R"({"name":"zz","user_id":99999999})") == "odoo.exceptions.ValidationError");
  CHECK(create("crm.lead", R"({"name":""})") == "odoo.exceptions.ValidationError");
  CHECK(create("sale.order", R"({"name":"zz"})") == "odoo.exceptions.AccessError");
}

TEST_CASE("an Odoo password or key that was revoked is refused while the fault lasts") {
  Odoo odoo;
  const std::string login = R"(["sandbox","monitor@example.com","sandbox-client-secret"])";
  odoo.faults.push_back({"odoo", "", "token_revoked", 0, 1, ""});
  CHECK(odoo.rpc("common", "login", login).at("result") == false);
  CHECK(odoo.error(odoo.execute("crm.lead", "search_count", "[[]]")) == "odoo.exceptions.AccessDenied");
  CHECK(odoo.error(odoo.execute("crm.lead", "search_count", "[[]]", "pat-na1-sandbox")) ==
        "odoo.exceptions.AccessDenied");
  odoo.login = {{"Authorization", "Bearer pat-na1-sandbox"}};
  CHECK(odoo.send("POST", "/json/2/crm.lead/search_count", R"({"domain":[]})").status == 401);
  CHECK(odoo.rpc("common", "version", "[]").at_pointer("/result/server_serie") == "17.0");
  odoo.faults.clear();
  CHECK(odoo.send("POST", "/json/2/crm.lead/search_count", R"({"domain":[]})").status == 200);
  CHECK(odoo.send("POST", "/json/2/crm.lead/search_count", R"({"domains":[]})").status == 422);
  CHECK(odoo.rpc("common", "login", login).at("result") == odoo.company.api_user());
}
