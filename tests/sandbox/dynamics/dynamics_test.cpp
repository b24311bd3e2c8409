#include "tests/sandbox/vendor_desk.h"

using namespace crmpulse;
using namespace crmpulse::sandbox;

namespace {

const std::string kToken = "/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token";
const std::string kForm = "grant_type=client_credentials&client_id=crmpulse-sandbox&client_secret=";
const std::string kScope = "&scope=http%3A%2F%2F127.0.0.1%3A9470%2F.default";
const std::string kApi = "/api/data/v9.2/";

struct DynamicsDesk : Desk {
  DynamicsDesk() : Desk(make_dynamics()) { log_in(kToken, kForm + "sandbox-client-secret" + kScope); }
  net::HttpResponse list(const std::string& set, Desk::Query query) { return get(kApi + set, std::move(query)); }
};

}  // namespace

TEST_CASE("Dynamics gives tokens for a client's secret and a scope") {
  DynamicsDesk desk;
  const auto answer = [&](const std::string& form) { return desk.post(kToken, form); };
  CHECK(at(json(answer(kForm + "sandbox-client-secret" + kScope)), "/expires_in") == "3599");
  CHECK(answer(kForm + "wrong" + kScope).status == 401);
  CHECK(at(json(answer(kForm + "wrong" + kScope)), "/error_codes/0") == "7000215");
  CHECK(at(json(answer(kForm + "sandbox-client-secret&scope=user.read")), "/error") == "invalid_scope");
  CHECK(at(json(answer(kForm + "sandbox-client-secret&scope=https://elsewhere.example/.default")), "/error") ==
        "invalid_resource");
  CHECK(at(json(answer("grant_type=password")), "/error") == "unsupported_grant_type");
  CHECK(desk.get(kApi + "WhoAmI").status == 200);
  desk.now += std::chrono::hours{1};
  const auto expired = desk.get(kApi + "WhoAmI");
  CHECK(expired.status == 401);
  CHECK(header(expired, "WWW-Authenticate").starts_with("Bearer"));
}

TEST_CASE("Dynamics says who it is") {
  DynamicsDesk desk;
  CHECK(at(json(desk.get(kApi + "WhoAmI")), "/UserId").size() == 36);
  CHECK(desk.call.operation == "liveness");
  CHECK(at(json(desk.get(kApi + "RetrieveVersion()")), "/Version").starts_with("9.2"));
  const auto counts =
      json(desk.get(kApi + "RetrieveTotalRecordCount(EntityNames=@p1)", {{"@p1", R"(["account","lead"])"}}));
  CHECK(at(counts, "/EntityRecordCountCollection/Values/0") == std::to_string(desk.company.of(Kind::account).size()));
  CHECK(at(counts, "/EntityRecordCountCollection/Keys/1") == "lead");
  CHECK(desk.get(kApi + "RetrieveTotalRecordCount(EntityNames=['contact'])").status == 200);
}

TEST_CASE("a Dynamics lead is created, read, updated, deleted and gone") {
  DynamicsDesk desk;
  const auto made = desk.post(kApi + "leads", R"({"subject":"zz","lastname":"zz-probe","companyname":"zz-crm"})");
  REQUIRE(made.status == 204);
  CHECK(made.body.empty());
  const std::string address = header(made, "OData-EntityId");
  REQUIRE(address.starts_with("http://127.0.0.1:9470/api/data/v9.2/leads("));
  const std::string path = address.substr(std::string{"http://127.0.0.1:9470"}.size());
  const auto read = desk.get(path, {{"$select", "lastname,modifiedon"}});
  CHECK(desk.call.operation == "read");
  CHECK(at(json(read), "/lastname") == "zz-probe");
  CHECK(at(json(read), "/companyname") == "-");
  CHECK(at(json(read), "/@odata.etag").starts_with("W/"));
  desk.headers.emplace_back("If-Match", "*");
  CHECK(desk.ask("PATCH", path, {}, R"({"jobtitle":"probe-2"})").status == 204);
  CHECK(desk.ask("DELETE", path).status == 204);
  const auto gone = desk.get(path);
  CHECK(gone.status == 404);
  CHECK(at(json(gone), "/error/code") == "0x80040217");
  CHECK(desk.ask("PATCH", path, {}, R"({"jobtitle":"x"})").status == 404);
  const auto before = desk.company.of(Kind::lead).size();
  desk.headers.pop_back();
  CHECK(desk.ask("PATCH", path, {}, R"({"lastname":"trap"})").status == 204);  // an upsert
  CHECK(desk.company.of(Kind::lead).size() == before + 1);
}

TEST_CASE("Dynamics gives the record back when that is preferred, and links by address") {
  DynamicsDesk desk;
  desk.headers.emplace_back("Prefer", "return=representation");
  const auto account = json(desk.list("accounts", {{"$top", "1"}, {"$select", "name"}}));
  const std::string id = at(account, "/value/0/accountid");
  const boost::json::object body{{"lastname", "zz"}, {"parentcustomerid_account@odata.bind", "/accounts(" + id + ")"}};
  const auto made = desk.post(kApi + "contacts", boost::json::serialize(body));
  CHECK(made.status == 201);
  CHECK(at(json(made), "/_parentcustomerid_value") == id);
  const auto unknown = desk.post(kApi + "contacts", R"({"favourite":"1"})");
  CHECK(unknown.status == 400);
  CHECK(at(json(unknown), "/error/code") == "0x80060888");
}

TEST_CASE("Dynamics counts three ways") {
  DynamicsDesk desk;
  const auto since = parse_time("2026-10-21T00:00:00Z").value();
  const auto fresh = std::to_string(desk.count(Kind::lead, [&](const Record& lead) { return lead.created >= since; }));
  const std::string filter = "createdon ge 2026-10-21T00:00:00Z";
  CHECK(desk.get(kApi + "leads/$count", {{"$filter", filter}}).body == fresh);
  CHECK(at(json(desk.list("leads", {{"$apply", "filter(" + filter + ")/aggregate($count as n)"}})), "/value/0/n") ==
        fresh);
  const auto counted = json(desk.list("leads", {{"$filter", filter}, {"$count", "true"}, {"$top", "1"}}));
  CHECK(at(counted, "/@odata.count") == fresh);
  CHECK(counted.at("value").as_array().size() == 1);
}

TEST_CASE("Dynamics pages as the client prefers, by the link it gives") {
  DynamicsDesk desk;
  desk.headers.emplace_back("Prefer", "odata.maxpagesize=150");
  const auto first =
      json(desk.list("incidents", {{"$select", "createdon,customersatisfactioncode"}, {"$filter", "statecode eq 1"}}));
  CHECK(first.at("value").as_array().size() == 150);
  const std::string link = at(first, "/@odata.nextLink");
  CHECK(link.starts_with("http://127.0.0.1:9470/api/data/v9.2/incidents?"));
  CHECK(link.find("$filter=statecode%20eq%201") != std::string::npos);
  const auto closed = desk.count(Kind::case_, [](const Record& c) { return field(c, "closed") == Value{true}; });
  std::size_t seen = 150;
  for (std::size_t page = 2; seen < closed && page < 10; ++page) {
    const auto next =
        json(desk.list("incidents", {{"$filter", "statecode eq 1"},
                                     {"$skiptoken", "<cookie pagenumber=\"" + std::to_string(page) + "\" />"}}));
    seen += next.at("value").as_array().size();
  }
  CHECK(seen == closed);
}

TEST_CASE("Dynamics' audits, users and resolutions are the company's") {
  DynamicsDesk desk;
  const auto logins = desk.count(Kind::login, [](const Record& l) { return field(l, "status") == Value{"Success"}; });
  CHECK(desk.get(kApi + "audits/$count", {{"$filter", "action eq 64 or action eq 65"}}).body == std::to_string(logins));
  const auto people = desk.count(Kind::user, [](const Record& user) {
    return field(user, "active") == Value{true} && field(user, "type") == Value{"Standard"};
  });
  CHECK(desk.get(kApi + "systemusers/$count", {{"$filter", "isdisabled eq false and accessmode ne 4"}}).body ==
        std::to_string(people));
  const auto resolved = json(desk.list("incidentresolutions", {{"$top", "1"}}));
  CHECK(at(resolved, "/value/0/actualend") != "null");
  const std::string incident = at(resolved, "/value/0/_incidentid_value");
  CHECK(at(json(desk.get(kApi + "incidents(" + incident + ")")), "/statecode") == "1");
  const auto both =
      json(desk.list("incidentresolutions", {{"$top", "1"}, {"$expand", "incidentid($select=createdon)"}}));
  CHECK(at(both, "/value/0/incidentid/createdon") == at(resolved, "/value/0/createdon"));
}

TEST_CASE("Dynamics refuses in its own words") {
  DynamicsDesk desk;
  const auto unknown = desk.list("leads", {{"$select", "favourite"}});
  CHECK(unknown.status == 400);
  CHECK(at(json(unknown), "/error/code") == "0x80060888");
  CHECK(at(json(unknown), "/error/message") ==
        "Could not find a property named 'favourite' on type 'Microsoft.Dynamics.CRM.lead'.");
  CHECK(desk.get(kApi + "widgets").status == 404);
  CHECK(desk.get(kApi + "leads(7)").status == 400);
  desk.add_fault("missing_field", "lead.emailaddress1");
  CHECK(desk.list("leads", {{"$filter", "emailaddress1 eq null"}}).status == 400);
  CHECK(desk.list("contacts", {{"$filter", "emailaddress1 eq null"}}).status == 200);
}

TEST_CASE("Dynamics protects itself, and says how long to wait") {
  DynamicsDesk desk;
  CHECK(header(desk.get(kApi + "WhoAmI"), "x-ms-ratelimit-burst-remaining-xrm-requests") == "5,999.00");
  desk.api->set_daily_limit(3);
  desk.get(kApi + "WhoAmI");
  desk.get(kApi + "WhoAmI");
  const auto over = desk.get(kApi + "WhoAmI");
  CHECK(over.status == 429);
  CHECK(at(json(over), "/error/code") == "0x80072322");
  CHECK(header(over, "Retry-After") == "30");
  desk.now += std::chrono::minutes{6};
  CHECK(desk.get(kApi + "WhoAmI").status == 200);
  CHECK(at(json(desk.fault("quota_gone")), "/error/code") == "0x80072321");
  CHECK(desk.fault("permission").status == 403);
  CHECK_FALSE(header(desk.fault("maintenance"), "Retry-After").empty());
}

TEST_CASE("Graph tells the service's health, to a token of its own") {
  DynamicsDesk desk;
  const std::string path = "/v1.0/admin/serviceAnnouncement/healthOverviews";
  CHECK(desk.get(path).status == 401);
  desk.log_in(kToken, kForm + "sandbox-client-secret&scope=https://graph.microsoft.com/.default");
  CHECK(at(json(desk.get(path)), "/value/1/status") == "serviceOperational");
  CHECK(desk.call.operation == "status");
  desk.add_fault("vendor_incident");
  CHECK(at(json(desk.get(path)), "/value/1/status") == "serviceInterruption");
  CHECK(desk.get(kApi + "WhoAmI").status == 401);
}

TEST_CASE("Dynamics knows its query parameters, and no fetchXml") {
  DynamicsDesk desk;
  const auto message = [&](const std::string& set, Desk::Query query) {
    const auto answer = desk.list(set, std::move(query));
    return answer.status == 200 ? "taken" : at(json(answer), "/error/message");
  };
  CHECK(message("leads", {{"fetchXml", "<fetch><entity name='lead'/></fetch>"}}) ==
        "The query parameter fetchXml is not supported");
  CHECK(message("leads", {{"$where", "statecode eq 0"}}) == "The query parameter $where is not supported");
  CHECK(message("leads", {{"utm_source", "x"}}) == "The query parameter utm_source is not supported");
  CHECK(message("leads", {{"$skip", "10"}}) == "Skip Clause is not supported in CRM");
  CHECK(message("leads", {{"$skiptoken", "2"}}) == "Malformed XML in the Paging Cookie");
  CHECK(message("WhoAmI", {{"$select", "UserId"}}) == "The query parameter $select is not supported");
  CHECK(message("incidentresolutions", {{"$expand", "favourite($select=createdon)"}}).find("'favourite'") !=
        std::string::npos);
  CHECK(message("incidentresolutions", {{"$expand", "incidentid($select=favourite)"}}).find("'favourite'") !=
        std::string::npos);
  const std::string lead = at(json(desk.list("leads", {{"$top", "1"}, {"$select", "leadid"}})), "/value/0/leadid");
  CHECK(message("leads(" + lead + ")", {{"$filter", "statecode eq 0"}}) ==
        "The query parameter $filter is not supported");
  CHECK(desk.get(kApi + "leads(" + lead + ")/favourite").status == 404);
}

TEST_CASE("Dynamics takes choices it has, texts that fit, and lookups by navigation to what is there") {
  DynamicsDesk desk;
  const auto code = [&](const std::string& set, const std::string& body) {
    const auto answer = desk.post(kApi + set, body);
    return answer.status == 204 ? "taken" : std::to_string(answer.status) + " " + at(json(answer), "/error/code");
  };
  CHECK(code("incidents", R"({"title":"x","prioritycode":1,"customersatisfactioncode":5})") == "taken");
  CHECK(code("incidents", R"({"title":"x","prioritycode":9})") == "400 0x80044330");
  CHECK(code("leads", R"({"lastname":"x","statecode":7})") == "400 0x80044330");
  CHECK(code("leads", R"({"lastname":")" + std::string(51, 'x') + "\"}") == "400 0x80044331");
  CHECK(code("leads", R"({"lastname":5})") == "400 0x80048d19");
  CHECK(code("opportunities", R"({"name":"x","estimatedvalue":"12"})") == "400 0x80048d19");
  const std::string nobody = "5f1d0c3a-7e21-ee11-8179-00000fffffff";
  CHECK(code("contacts", R"({"lastname":"x","parentcustomerid_account@odata.bind":"/accounts()" + nobody + ")\"}") ==
        "404 0x80040217");
  CHECK(code("contacts", R"({"lastname":"x","_parentcustomerid_value":")" + nobody + "\"}") == "400 0x80048d19");
}
