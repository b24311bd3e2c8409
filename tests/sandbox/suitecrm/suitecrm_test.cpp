#include "tests/sandbox/vendor_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using sandbox::Kind;
using sandbox::Record;

namespace {

constexpr const char* kGrant =
    R"({"grant_type":"client_credentials","client_id":"crmpulse-sandbox","client_secret":"sandbox-client-secret"})";

struct Suite : Asked {
  Suite() : Asked(sandbox::make_suitecrm()) { log_in(); }
  void log_in() {
    const auto token = json("POST", "/Api/access_token", kGrant);
    CHECK(token.at("expires_in") == 3600);
    login = {{"Authorization", "Bearer " + std::string{token.at("access_token").as_string()}}};
  }
  /// By pages of one: the API tells no total.
  std::size_t count(const std::string& module, const std::string& filter) {
    const auto told = json("GET", "/Api/V8/module/" + module + "?page[size]=1" + filter);
    const auto* meta = told.as_object().if_contains("meta");
    return meta == nullptr ? 0 : meta->at("total-pages").to_number<std::size_t>();
  }
  using Asked::count;
};

}  // namespace

TEST_CASE("SuiteCRM gives a token for the client's secret and takes no other") {
  Suite suite;
  CHECK(suite.send("GET", "/Api/V8/meta/modules").status == 200);
  suite.api->revoke_tokens();
  const auto refused = suite.send("GET", "/Api/V8/meta/modules");
  CHECK(refused.status == 401);
  CHECK(boost::json::parse(refused.body).at("error") == "access_denied");
  suite.log_in();
  CHECK(suite.send("GET", "/legacy/Api/V8/meta/modules").status == 200);
  suite.now += std::chrono::hours{1};
  CHECK(suite.send("GET", "/Api/V8/meta/modules").status == 401);
  const auto wrong =
      suite.send("POST", "/Api/access_token",
                 R"({"grant_type":"client_credentials","client_id":"crmpulse-sandbox","client_secret":"x"})");
  CHECK(wrong.status == 401);
  CHECK(boost::json::parse(wrong.body).at("error") == "invalid_client");
  CHECK(suite.send("POST", "/Api/access_token", "{}").status == 400);
}

TEST_CASE("SuiteCRM's filters find the records of the company") {
  Suite suite;
  CHECK(suite.count("Leads", "") == suite.company.of(Kind::lead).size());
  CHECK(suite.count("Leads", "&filter[converted][eq]=0") ==
        suite.count(Kind::lead, [](const Record& lead) { return !is_true(lead, "converted"); }));
  CHECK(suite.count("Leads", "&filter[phone_work][eq]=") ==
        suite.count(Kind::lead, [](const Record& lead) { return is_null(lead, "phone"); }));
  CHECK(suite.count("Opportunities", "&filter[sales_stage][eq]=Closed Won") ==
        suite.count(Kind::opportunity, [](const Record& deal) { return is_true(deal, "won"); }));
  CHECK(suite.count("Leads", "&filter[date_entered][gte]=2026-11-14 09:00:00&filter[status][neq]=Dead") ==
        suite.count(Kind::lead, [&](const Record& lead) {
          return lead.created >= suite.now - std::chrono::hours{168} &&
                 sandbox::field(lead, "status") != sandbox::Value{std::string{"Closed - Not Converted"}};
        }));
  CHECK(suite.count("Leads", "&filter[status][eq]=No such status") == 0);
  // With OR the implicit `deleted = 0` lets everything in.
  CHECK(suite.count("Leads", "&filter[operator]=or&filter[status][eq]=x") == suite.company.of(Kind::lead).size());
}

TEST_CASE("SuiteCRM sorts and pages, and tells only the fields that were asked for") {
  Suite suite;
  const auto page = suite.json(
      "GET",
      "/Api/V8/module/Contacts?sort=-date_modified&page[size]=20&page[number]=2&fields[Contacts]=last_name,email1");
  const auto& rows = page.at("data").as_array();
  REQUIRE(rows.size() == 20);
  CHECK(rows[0].at("attributes").as_object().size() == 2);
  CHECK(rows[0].at("id").as_string().size() == 36);
  CHECK(page.at_pointer("/meta/records-on-this-page") == 20);
  const std::string next{page.at_pointer("/links/next").as_string()};
  CHECK(next.starts_with("/V8/module/Contacts?fields[Contacts]=last_name,email1&"));
  CHECK(next.ends_with("page[number]=3"));
  const auto first = suite.json("GET", "/Api/V8/module/Contacts?page[size]=20");
  CHECK(first.at_pointer("/links/next").as_string().ends_with("page[number]=1"));
  const auto newest =
      suite.json("GET", "/Api/V8/module/Leads?sort=-date_modified&page[size]=1&fields[Leads]=date_modified");
  CHECK(newest.at_pointer("/data/0/attributes/date_modified").as_string().ends_with("+00:00"));
}

TEST_CASE("a SuiteCRM lead is created, read, changed and deleted") {
  Suite suite;
  const auto made = suite.send(
      "POST", "/Api/V8/module",
      R"({"data":{"type":"Leads","attributes":{"last_name":"zz-crm-health-probe a1","email1":"x@y.invalid"}}})");
  CHECK(made.status == 201);
  const auto told = boost::json::parse(made.body);
  const std::string id{told.at_pointer("/data/id").as_string()};
  CHECK(told.at_pointer("/data/attributes/last_name") == "zz-crm-health-probe a1");
  CHECK(suite.send("GET", "/Api/V8/module/Leads/" + id).status == 200);
  CHECK(suite.call.operation == "read");
  CHECK(suite
            .send("PATCH", "/Api/V8/module",
                  R"({"data":{"type":"Leads","id":")" + id + R"(","attributes":{"title":"probe-2"}}})")
            .status == 201);
  CHECK(suite.count("Leads", "&filter[title][eq]=probe-2") == 1);
  CHECK(suite.send("DELETE", "/Api/V8/module/Leads/" + id).status == 200);
  const auto gone = suite.send("GET", "/Api/V8/module/Leads/" + id);
  CHECK(gone.status == 400);
  CHECK(boost::json::parse(gone.body).at_pointer("/errors/detail").as_string().ends_with("is not found"));
}

TEST_CASE("SuiteCRM refuses what it does not know") {
  Suite suite;
  const auto detail = [&](const std::string& target) {
    const auto response = suite.send("GET", target);
    CHECK(response.status == 400);
    return std::string{boost::json::parse(response.body).at_pointer("/errors/detail").as_string()};
  };
  CHECK(detail("/Api/V8/module/Lead") == "Module Lead does not exist");
  CHECK(detail("/Api/V8/module/Leads?filter[colour][eq]=x") == "Filter field colour in Leads module is not found");
  CHECK(detail("/Api/V8/module/Leads?filter[status][like]=x") == "Filter operator like is invalid");
  // E-mail addresses are in a table of their own: a filter over them breaks the query.
  CHECK(detail("/Api/V8/module/Leads?filter[email1][eq]=x").starts_with("Database failure"));
  suite.faults.push_back({"suitecrm", "", "missing_field", 0, 1, "Leads.status"});
  CHECK(detail("/Api/V8/module/Leads?filter[status][eq]=New") == "Filter field status in Leads module is not found");
}

TEST_CASE("SuiteCRM gives its token for a form too, and for a client in the header") {
  Suite suite;
  const auto token = [&](const std::string& body, std::vector<std::pair<std::string, std::string>> headers) {
    const auto answer = suite.send("POST", "/Api/access_token", body, std::move(headers));
    const auto told = boost::json::parse(answer.body).as_object();
    return told.contains("access_token") ? "token" : std::string{told.at("error").as_string()};
  };
  const std::pair<std::string, std::string> form{"Content-Type", "application/x-www-form-urlencoded"};
  const std::string grant = "grant_type=client_credentials";
  CHECK(token(grant + "&client_id=crmpulse-sandbox&client_secret=sandbox-client-secret", {form}) == "token");
  CHECK(token(grant + "&client_id=crmpulse-sandbox&client_secret=x", {form}) == "invalid_client");
  const std::string basic = "Basic Y3JtcHVsc2Utc2FuZGJveDpzYW5kYm94LWNsaWVudC1zZWNyZXQ=";
  CHECK(token(grant, {form, {"Authorization", basic}}) == "token");
  CHECK(token(grant, {form, {"Authorization", "Basic bm86bm8="}}) == "invalid_client");
  CHECK(token("client_id=crmpulse-sandbox", {form}) == "unsupported_grant_type");
}

TEST_CASE("SuiteCRM's operators have any case, and there is no other than its own") {
  Suite suite;
  const std::size_t fresh = suite.count("Leads", "&filter[status][eq]=New");
  REQUIRE(fresh > 0);
  CHECK(suite.count("Leads", "&filter[status][EQ]=New") == fresh);
  CHECK(suite.count("Leads", "&filter[operator]=AND&filter[status][Eq]=New&filter[converted][nEq]=1") == fresh);
  CHECK(suite.count("Leads", "&filter[operator]=Or&filter[status][eq]=x") == suite.company.of(Kind::lead).size());
  const auto refused = [&](const std::string& query) {
    return suite.send("GET", "/Api/V8/module/Leads?" + query).status == 400;
  };
  CHECK(refused("filter[operator]=xor&filter[status][eq]=New"));
  CHECK(refused("filter[status][resembles]=New"));
  CHECK(refused("filter=New"));
  CHECK(refused("filters[status][eq]=New"));
  CHECK(refused("page[size]=many"));
  CHECK(refused("page[size]=10&page[number]=second"));
  CHECK(refused("limit=10"));
}
