#include "tests/sandbox/vendor_desk.h"

using namespace crmpulse;
using namespace crmpulse::sandbox;

namespace {

const std::string kForm =
    "grant_type=refresh_token&client_id=crmpulse-sandbox&client_secret=sandbox-client-secret&refresh_token=";

struct ZohoDesk : Desk {
  ZohoDesk() : Desk(make_zoho()) { log_in("/oauth/v2/token", kForm + "sandbox-refresh-token", "Zoho-oauthtoken"); }
  net::HttpResponse coql(const std::string& query) {
    return post("/crm/v7/coql", boost::json::serialize(boost::json::object{{"select_query", query}}));
  }
};

}  // namespace

TEST_CASE("Zoho gives tokens with its API domain, and errors with status 200") {
  ZohoDesk desk;
  const auto token = json(desk.post("/oauth/v2/token", kForm + "sandbox-refresh-token"));
  CHECK(at(token, "/api_domain") == "http://127.0.0.1:9470");
  CHECK(at(token, "/expires_in") == "3600");
  const auto refused = desk.post("/oauth/v2/token", kForm + "no");
  CHECK(refused.status == 200);
  CHECK(at(json(refused), "/error") == "invalid_code");
  // The form may stand in the query instead.
  Desk::Query query{{"grant_type", "refresh_token"},
                    {"client_id", "crmpulse-sandbox"},
                    {"client_secret", "sandbox-client-secret"},
                    {"refresh_token", "sandbox-refresh-token"}};
  CHECK(at(json(desk.ask("POST", "/oauth/v2/token", query)), "/token_type") == "Bearer");
}

TEST_CASE("Zoho gives ten tokens in ten minutes") {
  ZohoDesk desk;
  for (int given = 1; given < 10; ++given)
    CHECK(at(json(desk.post("/oauth/v2/token", kForm + "sandbox-refresh-token")), "/error") == "-");
  const auto refused = desk.post("/oauth/v2/token", kForm + "sandbox-refresh-token");
  CHECK(refused.status == 200);
  CHECK(at(json(refused), "/error") == "access_denied");
  desk.now += std::chrono::minutes{11};
  CHECK(at(json(desk.post("/oauth/v2/token", kForm + "sandbox-refresh-token")), "/error") == "-");
}

TEST_CASE("Zoho wants its own kind of header") {
  ZohoDesk desk;
  CHECK(desk.get("/crm/v7/org").status == 200);
  CHECK(desk.call.operation == "liveness");
  desk.headers.clear();
  CHECK(at(json(desk.get("/crm/v7/org")), "/code") == "AUTHENTICATION_FAILURE");
  desk.headers = {{"Authorization", "Zoho-oauthtoken no"}};
  CHECK(desk.get("/crm/v7/org").status == 401);
  CHECK(at(json(desk.get("/crm/v7/org")), "/code") == "INVALID_TOKEN");
}

TEST_CASE("a Zoho lead is created, read, updated, deleted and gone") {
  ZohoDesk desk;
  const auto made = desk.post("/crm/v7/Leads", R"({"data":[{"Last_Name":"zz","Company":"zz-probe"}],"trigger":[]})");
  REQUIRE(made.status == 201);
  CHECK(at(json(made), "/data/0/code") == "SUCCESS");
  const std::string path = "/crm/v7/Leads/" + at(json(made), "/data/0/details/id");
  CHECK(at(json(desk.get(path)), "/data/0/Last_Name") == "zz");
  CHECK(desk.call.operation == "read");
  const auto changed = desk.ask("PUT", path, {}, R"({"data":[{"Designation":"probe-2"}],"trigger":[]})");
  CHECK(changed.status == 200);
  CHECK(at(json(changed), "/data/0/message") == "record updated");
  CHECK(at(json(desk.get(path)), "/data/0/Designation") == "probe-2");
  CHECK(at(json(desk.ask("DELETE", path)), "/data/0/message") == "record deleted");
  const auto gone = desk.get(path);
  CHECK(gone.status == 204);
  CHECK(gone.body.empty());
  CHECK(at(json(desk.get("/crm/v7/Leads/deleted", {{"type", "all"}})), "/data/0/type") == "recycle");
  CHECK(desk.ask("DELETE", path).status == 400);
}

TEST_CASE("Zoho judges each record of a write by itself") {
  ZohoDesk desk;
  const auto mixed = desk.post("/crm/v7/Leads", R"({"data":[{"Last_Name":"a"},{"Company":"b"}]})");
  CHECK(mixed.status == 207);
  CHECK(at(json(mixed), "/data/1/code") == "MANDATORY_NOT_FOUND");
  const auto bad = desk.post("/crm/v7/Leads", R"({"data":[{"Last_Name":"a","Favourite":"b"}]})");
  CHECK(bad.status == 400);
  CHECK(at(json(bad), "/data/0/code") == "INVALID_DATA");
  CHECK(at(json(bad), "/data/0/details/api_name") == "Favourite");
}

TEST_CASE("Zoho lists want fields, sort, page, and are empty without a body") {
  ZohoDesk desk;
  CHECK(at(json(desk.get("/crm/v7/Leads")), "/code") == "REQUIRED_PARAM_MISSING");
  const auto newest = json(
      desk.get("/crm/v7/Deals",
               {{"fields", "Modified_Time"}, {"sort_by", "Modified_Time"}, {"sort_order", "desc"}, {"per_page", "1"}}));
  TimePoint expected;
  desk.count(Kind::opportunity, [&](const Record& deal) { return expected = std::max(expected, deal.modified), true; });
  const auto found = parse_time(at(newest, "/data/0/Modified_Time"));
  REQUIRE(found.has_value());
  CHECK(found.value() == std::chrono::floor<std::chrono::seconds>(expected));
  CHECK(at(newest, "/info/more_records") == "true");
  CHECK(desk.get("/crm/v7/Calls", {{"fields", "Subject"}}).status == 204);
  const auto open = desk.count(Kind::lead, [](const Record& lead) { return field(lead, "converted") != Value{true}; });
  CHECK(at(json(desk.get("/crm/v7/Leads/actions/count")), "/count") == std::to_string(open));
  const auto third =
      json(desk.get("/crm/v8/Leads", {{"fields", "Email"}, {"page", "3"}, {"per_page", "200"}, {"converted", "both"}}));
  CHECK(at(third, "/info/count") == "200");
  CHECK(at(third, "/info/more_records") == "false");
  CHECK(at(json(desk.get("/crm/v7/Widgets", {{"fields", "id"}})), "/code") == "INVALID_MODULE");
}

TEST_CASE("Zoho answers COQL") {
  ZohoDesk desk;
  const auto missing = desk.count(Kind::lead, [](const Record& lead) {
    return field(lead, "email") == Value{} && field(lead, "converted") != Value{true};
  });
  const auto counted = json(desk.coql("select COUNT(id) from Leads where Email is null"));
  CHECK(at(counted, "/data/0/COUNT(id)") == std::to_string(missing));
  CHECK(at(counted, "/info/more_records") == "false");
  CHECK(desk.coql("select id from Leads where Last_Name = 'nobody'").status == 204);
  const auto unknown = desk.coql("select Foo from Leads where id is not null");
  CHECK(unknown.status == 400);
  CHECK(at(json(unknown), "/code") == "INVALID_QUERY");
  CHECK(at(json(unknown), "/details/column_name") == "Foo");
  CHECK(at(json(desk.coql("select id from Leads")), "/code") == "SYNTAX_ERROR");
  const auto people =
      json(desk.coql("select Modified_By, COUNT(id) from Deals where id is not null group by Modified_By"));
  CHECK(at(people, "/data/0/Modified_By/id").size() == 19);
  CHECK(at(people, "/data/0/id") == "-");
  desk.add_fault("missing_field", "Leads.Email");
  CHECK(at(json(desk.coql("select COUNT(id) from Leads where Email is null")), "/details/column_name") == "Email");
}

TEST_CASE("Zoho searches by criteria, with a lag") {
  ZohoDesk desk;
  desk.company.set_search_lag(std::chrono::seconds{10});
  desk.post("/crm/v7/Leads", R"({"data":[{"Last_Name":"zz-late","Company":"zz"}]})");
  const Desk::Query query{{"criteria", "((Last_Name:starts_with:zz-)and(Company:equals:zz))"}};
  CHECK(desk.get("/crm/v7/Leads/search", query).status == 204);
  CHECK(desk.call.operation == "search");
  desk.now += std::chrono::seconds{11};
  CHECK(at(json(desk.get("/crm/v7/Leads/search", query)), "/data/0/Last_Name") == "zz-late");
  CHECK(desk.get("/crm/v7/Leads/search", {{"criteria", "(Last_Name:equals"}}).status == 400);
}

TEST_CASE("Zoho tells the credits left only when half of them are gone") {
  ZohoDesk desk;
  desk.api->set_daily_limit(6);
  CHECK(header(desk.get("/crm/v7/org"), "X-API-CREDITS-REMAINING").empty());
  desk.coql("select id from Leads where id is not null limit 1000");  // costs two
  CHECK(header(desk.get("/crm/v7/org"), "X-API-CREDITS-REMAINING") == "2");
  desk.get("/crm/v7/org");
  desk.get("/crm/v7/org");
  const auto over = desk.get("/crm/v7/org");
  CHECK(over.status == 429);
  CHECK(at(json(over), "/code") == "TOO_MANY_REQUESTS");
  CHECK(header(over, "Retry-After").empty());
}

TEST_CASE("Zoho's organisation, users, modules, licences and feed") {
  ZohoDesk desk;
  const auto active = desk.count(Kind::user, [](const Record& user) { return field(user, "active") == Value{true}; });
  const auto users = json(desk.get("/crm/v7/users", {{"type", "ActiveUsers"}}));
  CHECK(users.at("users").as_array().size() == active);
  CHECK(at(json(desk.get("/crm/v8/users/actions/count", {{"type", "ActiveUsers"}})), "/count") ==
        std::to_string(active));
  CHECK(at(json(desk.get("/crm/v7/settings/modules")), "/modules/0/api_name") == "Leads");
  CHECK(at(json(desk.get("/crm/v7/org")), "/org/0/license_details/paid_type") == "enterprise");
  CHECK(desk.get("/crm/v8/__features/user_licenses").status == 200);
  CHECK(desk.get("/rss").body.find("<title>Zoho CRM - Operational</title>") != std::string::npos);
  desk.add_fault("vendor_incident");
  CHECK(desk.get("/rss").body.find("<title>Zoho CRM - Major Outage</title>") != std::string::npos);
  CHECK(at(json(desk.fault("permission")), "/code") == "NO_PERMISSION");
  CHECK(desk.fault("maintenance").status == 503);
}

TEST_CASE("Zoho refuses parameters it does not know the value of") {
  ZohoDesk desk;
  const auto leads = [&](Desk::Query query) {
    query.emplace("fields", "Email");
    const auto answer = desk.get("/crm/v7/Leads", query);
    return answer.status == 200 ? "taken" : at(json(answer), "/details/param_name");
  };
  CHECK(leads({{"page", "2"}}) == "taken");
  CHECK(leads({{"page", "two"}}) == "page");
  CHECK(leads({{"per_page", "201"}}) == "per_page");
  CHECK(leads({{"page_token", "next"}}) == "page_token");
  CHECK(leads({{"sort_by", "Created_Time"}, {"sort_order", "down"}}) == "sort_order");
  CHECK(leads({{"converted", "perhaps"}}) == "converted");
  CHECK(at(json(desk.get("/crm/v7/Leads", {{"fields", "Email"}, {"page", "11"}})), "/code") ==
        "DISCRETE_PAGINATION_LIMIT_EXCEEDED");
  CHECK(desk.get("/crm/v7/users", {{"type", "Friends"}}).status == 400);
  CHECK(at(json(desk.get("/crm/v7/Leads/search")), "/code") == "REQUIRED_PARAM_MISSING");
  CHECK(desk.get("/crm/v7/Leads/search", {{"word", "a"}}).status == 400);
  CHECK(desk.get("/crm/v7/Deals/search", {{"email", "a@b.example"}}).status == 400);
  for (const char* criteria : {"(Description:equals:x)", "(Created_Time:starts_with:2026)", "(Last_Name:less_than:b)",
                               "(Favourite:equals:x)", "(Last_Name:resembles:x)"}) {
    INFO(criteria);
    CHECK(desk.get("/crm/v7/Leads/search", {{"criteria", criteria}}).status == 400);
  }
}

TEST_CASE("Zoho takes values of its picklists, texts that fit, and lookups that lead somewhere") {
  ZohoDesk desk;
  const auto write = [&](const std::string& members) {
    const auto answer = json(desk.post("/crm/v7/Deals", R"({"data":[{"Deal_Name":"x",)" + members + "}]}"));
    return at(answer, "/data/0/code") == "SUCCESS" ? "taken" : at(answer, "/data/0/details/api_name");
  };
  CHECK(write(R"("Stage":"Closed Won")") == "taken");
  CHECK(write(R"("Stage":"Won")") == "Stage");
  CHECK(write(R"("Next_Step":")" + std::string(101, 'x') + "\"") == "Next_Step");
  CHECK(write(R"("Account_Name":{"id":"5843104000099999999"})") == "Account_Name");
  const auto deal = json(desk.get("/crm/v7/Deals", {{"fields", "Deal_Name"}, {"per_page", "1"}}));
  CHECK(write(R"("Account_Name":")" + at(deal, "/data/0/id") + "\"") == "Account_Name");  // a deal
  const auto long_name =
      json(desk.post("/crm/v7/Leads", R"({"data":[{"Last_Name":")" + std::string(81, 'x') + "\"}]}"));
  CHECK(at(long_name, "/data/0/details/maximum_length") == "80");
}
