#include "tests/sandbox/vendor_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using sandbox::Kind;
using sandbox::Record;

namespace {

struct Espo : Asked {
  Espo() : Asked(sandbox::make_espocrm()) { login = {{"X-Api-Key", "pat-na1-sandbox"}}; }
  std::size_t count(const std::string& entity, const std::string& where) {
    const auto told = json("GET", "/api/v1/" + entity + "?maxSize=1" + where);
    CHECK(told.at("list").as_array().size() <= 1);
    return told.at("total").to_number<std::size_t>();
  }
  std::string reason(const net::HttpResponse& response) {
    for (const auto& [name, value] : response.headers)
      if (name == "X-Status-Reason") return value;
    return {};
  }
  using Asked::count;
};

std::string where(int n, const std::string& type, const std::string& attribute, const std::string& value = {}) {
  const std::string item = "&where[" + std::to_string(n) + "]";
  return item + "[type]=" + type + item + "[attribute]=" + attribute + (value.empty() ? "" : item + "[value]=" + value);
}

}  // namespace

TEST_CASE("EspoCRM tells its settings to everybody, everything else to the key") {
  Espo espo;
  CHECK(espo.json("GET", "/api/v1/App/user").at_pointer("/settings/version") == "9.1.5");
  espo.login = {{"X-Api-Key", "wrong"}};
  CHECK(espo.send("GET", "/api/v1/Settings").status == 200);
  CHECK(espo.send("GET", "/api/v1/App/user").status == 401);
  CHECK(espo.send("GET", "/api/v1/Lead").status == 401);
  CHECK_FALSE(espo.call.counted);
}

TEST_CASE("EspoCRM's filters find the records of the company") {
  Espo espo;
  CHECK(espo.count("Lead", "") == espo.company.of(Kind::lead).size());
  CHECK(espo.count("Lead", where(0, "isNull", "emailAddress")) ==
        espo.count(Kind::lead, [](const Record& lead) { return is_null(lead, "email"); }));
  const auto converted = [](const Record& lead) { return is_true(lead, "converted"); };
  CHECK(espo.count("Lead", where(0, "equals", "status", "Converted")) == espo.count(Kind::lead, converted));
  CHECK(espo.count("Lead",
                   "&where[0][type]=in&where[0][attribute]=status&where[0][value][0]=Converted&where[0][value][1]=x") ==
        espo.count(Kind::lead, converted));
  CHECK(espo.count("Contact", where(0, "isTrue", "emailAddressIsInvalid")) ==
        espo.count(Kind::contact, [](const Record& contact) { return is_true(contact, "email_bounced"); }));
  CHECK(espo.count("Opportunity",
                   "&where[0][type]=or&where[0][value][0][type]=equals&where[0][value][0][attribute]=stage"
                   "&where[0][value][0][value]=Closed Won&where[0][value][1][type]=isNull"
                   "&where[0][value][1][attribute]=amount") == espo.count(Kind::opportunity, [](const Record& deal) {
    return is_true(deal, "won") || is_null(deal, "amount");
  }));
  CHECK(espo.count("Lead", where(0, "greaterThanOrEquals", "createdAt", "2026-11-14 09:00:00") +
                               where(1, "notEquals", "status", "Dead")) ==
        espo.count(Kind::lead, [&](const Record& lead) {
          return lead.created >= espo.now - std::chrono::hours{168} &&
                 sandbox::field(lead, "status") != sandbox::Value{std::string{"Closed - Not Converted"}};
        }));
  for (const std::string filter : {"new", "[{}]", ""})
    CHECK(espo.send("GET", "/api/v1/Lead?where=" + filter).status == 400);
  CHECK(espo.send("GET", "/api/v1/AuthLogRecord").status == 403);
  espo.login = {{"Authorization", "Basic bW9uaXRvckBleGFtcGxlLmNvbTpzYW5kYm94LWNsaWVudC1zZWNyZXQ="}};
  CHECK(espo.count("AuthLogRecord", where(0, "isTrue", "isDenied")) == espo.count(Kind::login, [](const Record& login) {
    return sandbox::field(login, "status") != sandbox::Value{std::string{"Success"}};
  }));
  CHECK(espo.count("Lead", where(0, "lastXDays", "createdAt", "7")) == espo.count(Kind::lead, [&](const Record& lead) {
    return lead.created >= parse_time("2026-11-14T00:00:00Z").value();
  }));
}

TEST_CASE("EspoCRM sorts, pages and selects") {
  Espo espo;
  const auto page =
      espo.json("GET", "/api/v1/Contact?orderBy=modifiedAt&order=desc&maxSize=2&offset=1&select=modifiedAt,colour");
  const auto& rows = page.at("list").as_array();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].as_object().size() == 2);
  CHECK(rows[0].at("modifiedAt").as_string() >= rows[1].at("modifiedAt").as_string());
  CHECK(espo.json("GET", "/api/v1/Contact").at("list").as_array().size() == 20);
  const auto too_many = espo.send("GET", "/api/v1/Contact?maxSize=201");
  CHECK(too_many.status == 403);
  CHECK(espo.count("Lead", R"(&searchParams={"where":[{"type":"isNull","attribute":"emailAddress"}],"maxSize":1})") ==
        espo.count("Lead", where(0, "isNull", "emailAddress")));
}

TEST_CASE("an EspoCRM lead is created once, read, found, changed and deleted") {
  Espo espo;
  const std::string lead = R"({"lastName":"zz-crm-health-probe a1","emailAddress":"x@y.invalid"})";
  const auto made = espo.send("POST", "/api/v1/Lead", lead);
  CHECK(made.status == 200);
  const std::string id{boost::json::parse(made.body).at("id").as_string()};
  CHECK(espo.send("POST", "/api/v1/Lead", lead).status == 409);
  CHECK(espo.send("POST", "/api/v1/Lead", lead, {{"X-Api-Key", "pat-na1-sandbox"}, {"X-Skip-Duplicate-Check", "true"}})
            .status == 200);
  CHECK(espo.json("GET", "/api/v1/Lead/" + id).at("status") == "New");
  CHECK(espo.count("Lead", "&q=health-probe") == 2);
  CHECK(espo.call.operation == "search");
  CHECK(espo.send("PUT", "/api/v1/Lead/" + id, R"({"title":"probe-2","status":"In Process"})").status == 200);
  CHECK(espo.json("GET", "/api/v1/Lead/" + id).at("status") == "In Process");
  const auto removed = espo.send("DELETE", "/api/v1/Lead/" + id);
  CHECK(removed.body == "true");
  CHECK(espo.send("GET", "/api/v1/Lead/" + id).status == 404);
  CHECK(espo.reason(espo.send("POST", "/api/v1/Lead", "{}")) ==
        "Field validation failure; entityType: Lead, field: lastName, type: required.");
}

TEST_CASE("EspoCRM tells its reasons in a header") {
  Espo espo;
  const auto response = espo.send("GET", "/api/v1/Lead?" + where(0, "equals", "colour", "x").substr(1));
  CHECK(response.status == 400);
  CHECK(espo.reason(response) == "Not existing attribute 'colour' in where.");
  CHECK(espo.send("GET", "/api/v1/Leads").status == 404);
  espo.faults.push_back({"espocrm", "", "missing_field", 0, 1, "Lead.emailAddress"});
  CHECK(espo.send("GET", "/api/v1/Lead?" + where(0, "isNull", "emailAddress").substr(1)).status == 400);
  CHECK_FALSE(espo.json("GET", "/api/v1/Lead?select=emailAddress&maxSize=1")
                  .at_pointer("/list/0")
                  .as_object()
                  .contains("emailAddress"));
}

TEST_CASE("EspoCRM refuses what its lists cannot read") {
  Espo espo;
  for (const char* query :
       {"maxSize=many", "offset=-1", "orderBy=colour", "orderBy=createdAt&order=down", "searchParams={"}) {
    INFO(query);
    CHECK(espo.send("GET", std::string{"/api/v1/Lead?"} + query).status == 400);
  }
  CHECK(espo.send("GET", "/api/v1/Lead?" + where(0, "resembles", "lastName", "x").substr(1)).status == 400);
  CHECK(espo.send("GET", "/api/v1/Lead?" + where(0, "after", "createdAt", "soon").substr(1)).status == 400);
  CHECK(espo.send("GET", "/api/v1/Lead?" + where(0, "lastXDays", "createdAt", "some").substr(1)).status == 400);
}

TEST_CASE("EspoCRM takes options of its enums, texts that fit, and links to what is there") {
  Espo espo;
  const auto write = [&](const std::string& entity, const std::string& body) {
    const auto answer = espo.send("POST", "/api/v1/" + entity, body);
    return answer.status == 200 ? "taken" : std::to_string(answer.status) + " " + espo.reason(answer);
  };
  CHECK(write("Lead", R"({"lastName":"zz one","status":"Recycled"})") == "taken");
  CHECK(write("Lead", R"({"lastName":"zz two","status":"Open"})") ==
        "400 Field validation failure; entityType: Lead, field: status, type: valid.");
  CHECK(write("Opportunity", R"({"name":"zz","stage":"Won"})").ends_with("field: stage, type: valid."));
  CHECK(write("Lead", R"({"lastName":")" + std::string(101, 'x') + "\"}") ==
        "400 Field validation failure; entityType: Lead, field: lastName, type: maxLength.");
  CHECK(write("Contact", R"({"lastName":"zz","accountId":"0000000000fffffff"})") ==
        "403 Can't relate with non-existing record.");
  CHECK(write("Contact", R"({"lastName":"zz","accountId":"nobody"})").starts_with("400 "));
}

TEST_CASE("an EspoCRM key that was revoked is refused while the fault lasts, and so is the administrator's password") {
  Espo espo;
  CHECK(espo.send("GET", "/api/v1/Lead?maxSize=1").status == 200);
  espo.faults.push_back({"espocrm", "", "token_revoked", 0, 1, ""});
  CHECK(espo.send("GET", "/api/v1/Lead?maxSize=1").status == 401);
  CHECK(espo.send("GET", "/api/v1/App/user").status == 401);
  CHECK(espo.send("GET", "/api/v1/Settings").status == 200);
  espo.login = {{"Authorization", "Basic bW9uaXRvckBleGFtcGxlLmNvbTpzYW5kYm94LWNsaWVudC1zZWNyZXQ="}};
  CHECK(espo.send("GET", "/api/v1/Lead?maxSize=1").status == 401);
  espo.faults.clear();
  CHECK(espo.send("GET", "/api/v1/Lead?maxSize=1").status == 200);
}
