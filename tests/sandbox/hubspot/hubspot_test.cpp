#include "tests/sandbox/vendor_desk.h"

using namespace crmpulse;
using namespace crmpulse::sandbox;

namespace {

const std::string kForm =
    "grant_type=refresh_token&client_id=crmpulse-sandbox&client_secret=sandbox-client-secret&refresh_token=";

struct HubspotDesk : Desk {
  HubspotDesk() : Desk(make_hubspot()) { headers = {{"Authorization", "Bearer pat-na1-sandbox"}}; }
  boost::json::value search(const std::string& type, const std::string& body) {
    return json(post("/crm/v3/objects/" + type + "/search", body));
  }
};

std::string filter(const std::string& property, const std::string& how, const std::string& value = {}) {
  return R"({"filterGroups":[{"filters":[{"propertyName":")" + property + R"(","operator":")" + how + R"(","value":")" +
         value + R"("}]}],"limit":1})";
}

bool is_null(const Value& value) {
  return value == Value{};
}

}  // namespace

TEST_CASE("HubSpot's two families of paths are one") {
  HubspotDesk desk;
  const auto old = desk.get("/crm/v3/objects/contacts", {{"limit", "2"}});
  CHECK(desk.owned);
  CHECK(desk.call.operation == "query");
  CHECK(desk.get("/crm/objects/2026-09/contacts", {{"limit", "2"}}).body.size() > 100);
  CHECK(desk.owned);
  CHECK(at(json(old), "/results/0/archived") == "false");
  for (const char* path :
       {"/crm/v3/owners", "/crm/owners/2026-09", "/crm/v3/limits/records", "/crm/limits/2026-09/records",
        "/account-info/v3/details", "/account-info/2026-09/activity/login", "/settings/v3/users", "/settings/users/v3",
        "/settings/users/2026-03", "/crm/v3/pipelines/deals", "/crm/properties/2026-03/contacts",
        "/account-info/v3/api-usage/daily/private-apps", "/api/v2/summary.json"}) {
    INFO(path);
    CHECK(desk.get(path).status == 200);
    CHECK(desk.owned);
  }
  desk.get("/crm/v3/Contacts");
  CHECK_FALSE(desk.owned);  // Zoho's
}

TEST_CASE("HubSpot gives tokens for a refresh token, and says in its words why not") {
  HubspotDesk desk;
  for (const char* path : {"/oauth/v1/token", "/oauth/v3/token"}) {
    desk.log_in(path, kForm + "sandbox-refresh-token");
    CHECK(desk.get("/account-info/v3/details").status == 200);
  }
  CHECK_FALSE(desk.call.counted);  // OAuth apps have no daily cap
  CHECK(header(desk.get("/account-info/v3/details"), "X-HubSpot-RateLimit-Daily").empty());
  const auto refused = desk.post("/oauth/v1/token", kForm + "no");
  CHECK(refused.status == 400);
  CHECK(at(json(refused), "/status") == "BAD_REFRESH_TOKEN");
  CHECK(at(json(desk.post("/oauth/v3/token", kForm + "no")), "/error") == "invalid_grant");
  desk.now += std::chrono::minutes{31};
  const auto expired = desk.get("/account-info/v3/details");
  CHECK(expired.status == 401);
  CHECK(at(json(expired), "/category") == "EXPIRED_AUTHENTICATION");
  desk.headers.clear();
  CHECK(at(json(desk.get("/account-info/v3/details")), "/category") == "INVALID_AUTHENTICATION");
}

TEST_CASE("a HubSpot token that was revoked is refused, a private app's while the fault lasts") {
  HubspotDesk desk;
  desk.add_fault("token_revoked");
  CHECK(desk.get("/account-info/v3/details").status == 401);
  desk.faults.clear();
  CHECK(desk.get("/account-info/v3/details").status == 200);
  desk.log_in("/oauth/v1/token", kForm + "sandbox-refresh-token");
  desk.api->revoke_tokens();
  CHECK(desk.get("/account-info/v3/details").status == 401);
}

TEST_CASE("a HubSpot contact is created, read, updated, archived and gone") {
  HubspotDesk desk;
  const auto made = desk.post("/crm/v3/objects/contacts",
                              R"({"properties":{"email":"probe@x.invalid","firstname":"zz"},"associations":[]})");
  REQUIRE(made.status == 201);
  CHECK(desk.call.operation == "create");
  const std::string path = "/crm/v3/objects/contacts/" + at(json(made), "/id");
  CHECK(at(json(desk.get(path, {{"properties", "email,firstname"}})), "/properties/firstname") == "zz");
  CHECK(desk.ask("PATCH", path, {}, R"({"properties":{"firstname":"zz-2"}})").status == 200);
  CHECK(at(json(desk.get(path, {{"properties", "firstname"}})), "/properties/firstname") == "zz-2");
  const auto again = desk.post("/crm/v3/objects/contacts", R"({"properties":{"email":"probe@x.invalid"}})");
  CHECK(again.status == 409);
  CHECK(at(json(again), "/category") == "CONFLICT");
  CHECK(desk.ask("DELETE", path).status == 204);
  CHECK(desk.get(path).status == 404);
  CHECK(at(json(desk.get(path)), "/category") == "OBJECT_NOT_FOUND");
  CHECK(at(json(desk.get(path, {{"archived", "true"}})), "/archived") == "true");
  const auto unknown = desk.post("/crm/v3/objects/contacts", R"({"properties":{"favourite":"1"}})");
  CHECK(unknown.status == 400);
  CHECK(unknown.body.find("does not exist") != std::string::npos);
}

TEST_CASE("HubSpot's searches count what the company has") {
  HubspotDesk desk;
  const auto no_email = desk.count(Kind::contact, [](const Record& c) { return is_null(field(c, "email")); });
  CHECK(at(desk.search("contacts", filter("email", "NOT_HAS_PROPERTY")), "/total") == std::to_string(no_email));
  const auto open = desk.count(Kind::opportunity, [](const Record& d) { return field(d, "closed") == Value{false}; });
  CHECK(at(desk.search("deals", filter("hs_is_closed", "EQ", "false")), "/total") == std::to_string(open));
  const auto bounced =
      desk.count(Kind::contact, [](const Record& c) { return field(c, "email_bounced") == Value{true}; });
  CHECK(at(desk.search("contacts", filter("hs_email_bounce", "GT", "0")), "/total") == std::to_string(bounced));
  CHECK(at(desk.search("contacts", filter("hs_email_hard_bounce_reason_enum", "HAS_PROPERTY")), "/total") ==
        std::to_string(bounced));
  const auto since = desk.now - std::chrono::hours{24 * 30};
  const auto fresh = desk.count(Kind::lead, [&](const Record& lead) { return lead.created >= since; });
  CHECK(at(desk.search("leads", filter("hs_createdate", "GTE", std::to_string(unix_millis(since)))), "/total") ==
        std::to_string(fresh));
  CHECK(at(desk.search("deals", filter("dealstage", "EQ", "closedwon")), "/total") ==
        std::to_string(desk.count(Kind::opportunity, [](const Record& d) { return field(d, "won") == Value{true}; })));
}

TEST_CASE("HubSpot's newest contact is found by either form of sorting") {
  HubspotDesk desk;
  TimePoint newest;
  desk.count(Kind::contact, [&](const Record& c) { return newest = std::max(newest, c.modified), true; });
  const std::string one = R"({"sorts":["-lastmodifieddate"],"properties":["lastmodifieddate"],"limit":1})";
  const std::string other = R"({"sorts":[{"propertyName":"lastmodifieddate","direction":"DESCENDING"}],"limit":1})";
  for (const auto& body : {one, other}) {
    const auto found = parse_time(at(desk.search("contacts", body), "/results/0/properties/lastmodifieddate"));
    REQUIRE(found.has_value());
    CHECK(found.value() == newest);
  }
}

TEST_CASE("HubSpot's searches page, lag, and refuse what they do not know") {
  HubspotDesk desk;
  const auto first = desk.search("tickets", R"({"limit":200,"after":"0"})");
  CHECK(first.at("results").as_array().size() == 200);
  CHECK(at(first, "/paging/next/after") == "200");
  const auto last = desk.search("tickets", R"({"limit":200,"after":"200"})");
  CHECK(at(last, "/paging/next/after") == "-");
  desk.company.set_search_lag(std::chrono::seconds{30});
  desk.post("/crm/v3/objects/contacts", R"({"properties":{"email":"late@x.invalid"}})");
  CHECK(at(desk.search("contacts", filter("email", "EQ", "late@x.invalid")), "/total") == "0");
  desk.now += std::chrono::seconds{31};
  CHECK(at(desk.search("contacts", filter("email", "EQ", "late@x.invalid")), "/total") == "1");
  const auto refused = desk.post("/crm/v3/objects/contacts/search", filter("nothing", "EQ", "1"));
  CHECK(refused.status == 400);
  CHECK(at(json(refused), "/message") == "Property \"nothing\" does not exist");
  desk.add_fault("missing_field", "contacts.email");
  CHECK(desk.post("/crm/v3/objects/contacts/search", filter("email", "HAS_PROPERTY")).status == 400);
  CHECK(desk.post("/crm/v3/objects/contacts/search", filter("phone", "HAS_PROPERTY")).status == 200);
}

TEST_CASE("HubSpot's times are milliseconds") {
  HubspotDesk desk;
  const auto closed = desk.search("tickets", R"({"filterGroups":[{"filters":[{"propertyName":"closed_date",
      "operator":"HAS_PROPERTY"}]}],"properties":["time_to_close","createdate","closed_date"],"limit":1})");
  const auto created = parse_time(at(closed, "/results/0/properties/createdate"));
  const auto ended = parse_time(at(closed, "/results/0/properties/closed_date"));
  REQUIRE((created.has_value() && ended.has_value()));
  CHECK(at(closed, "/results/0/properties/time_to_close") == std::to_string((ended.value() - created.value()).count()));
  const auto touched = desk.search("contacts", filter("hs_time_to_first_engagement", "HAS_PROPERTY"));
  CHECK(std::stoi(at(touched, "/total")) > 100);
}

TEST_CASE("HubSpot's batches tell each failure") {
  HubspotDesk desk;
  const auto some = json(desk.get("/crm/v3/objects/companies", {{"limit", "1"}}));
  const std::string good = R"({"inputs":[{"id":")" + at(some, "/results/0/id") + R"("}]})";
  CHECK(desk.post("/crm/v3/objects/companies/batch/read", good).status == 200);
  const std::string mixed = R"({"inputs":[{"id":")" + at(some, "/results/0/id") + R"("},{"id":"99999999"}]})";
  const auto half = desk.post("/crm/v3/objects/companies/batch/read", mixed);
  CHECK(half.status == 207);
  CHECK(at(json(half), "/numErrors") == "1");
  CHECK(desk.post("/crm/v3/objects/contacts/batch/create",
                  R"({"inputs":[{"properties":{"email":"a@x.invalid"}},{"properties":{"email":"b@x.invalid"}}]})")
            .status == 201);
  CHECK(desk.post("/crm/v3/objects/companies/batch/archive", good).status == 204);
}

TEST_CASE("HubSpot tells its allowance except on searches, and stops at the end of it") {
  HubspotDesk desk;
  desk.api->set_daily_limit(3);
  const auto first = desk.get("/account-info/v3/details");
  CHECK(header(first, "X-HubSpot-RateLimit-Daily") == "3");
  CHECK(header(first, "X-HubSpot-RateLimit-Daily-Remaining") == "2");
  const auto found = desk.post("/crm/v3/objects/deals/search", "{}");
  CHECK(found.status == 200);
  CHECK(header(found, "X-HubSpot-RateLimit-Daily").empty());
  const auto usage = json(desk.get("/account-info/v3/api-usage/daily/private-apps"));
  CHECK(at(usage, "/results/0/currentUsage") == "3");
  const auto over = desk.get("/account-info/v3/details");
  CHECK(over.status == 429);
  CHECK(at(json(over), "/policyName") == "DAILY");
  desk.now += std::chrono::hours{24};
  CHECK(desk.get("/account-info/v3/details").status == 200);
}

TEST_CASE("HubSpot's faults have its words") {
  HubspotDesk desk;
  CHECK(at(json(desk.fault("rate_limited")), "/policyName") == "TEN_SECONDLY_ROLLING");
  CHECK(at(json(desk.fault("quota_gone")), "/policyName") == "DAILY");
  CHECK(at(json(desk.fault("permission")), "/category") == "MISSING_SCOPES");
  CHECK(desk.fault("maintenance").status == 477);
  CHECK_FALSE(header(desk.fault("maintenance"), "Retry-After").empty());
  CHECK(desk.fault("error").status == 500);
  CHECK(at(json(desk.get("/api/v2/status.json")), "/status/indicator") == "none");
  desk.add_fault("vendor_incident");
  CHECK(at(json(desk.get("/api/v2/summary.json")), "/status/indicator") == "major");
  CHECK(at(json(desk.get("/api/v2/summary.json")), "/components/0/status") == "major_outage");
}

TEST_CASE("HubSpot refuses limits and cursors that are none, of lists as of searches") {
  HubspotDesk desk;
  const std::string contacts = "/crm/v3/objects/contacts";
  for (const char* limit : {"0", "101", "ten", "-1"}) {
    INFO(limit);
    CHECK(at(json(desk.get(contacts, {{"limit", limit}})), "/category") == "VALIDATION_ERROR");
  }
  CHECK(desk.get(contacts, {{"after", "next"}}).status == 400);
  CHECK(desk.get("/crm/v3/owners", {{"after", "next"}}).status == 400);
  const auto search = [&](const std::string& body) { return desk.post(contacts + "/search", body).status; };
  CHECK(search(R"({"after":"next"})") == 400);
  CHECK(search(R"({"limit":"many"})") == 400);
  CHECK(search(R"({"limit":201})") == 400);
  CHECK(search(R"({"after":"0","limit":200})") == 200);
}

TEST_CASE("HubSpot refuses filters that are not whole, and operators that a property has not") {
  HubspotDesk desk;
  const auto deals = [&](const std::string& body) { return desk.post("/crm/v3/objects/deals/search", body).status; };
  const auto one = [&](const std::string& members) {
    return deals(R"({"filterGroups":[{"filters":[{"propertyName":)" + members + "}]}]}");
  };
  CHECK(one(R"("amount","operator":"GT","value":"1000")") == 200);
  CHECK(one(R"("amount","operator":"GT")") == 400);
  CHECK(one(R"("amount","operator":"BETWEEN","value":"1")") == 400);
  CHECK(one(R"("amount","operator":"CONTAINS_TOKEN","value":"1")") == 400);
  CHECK(one(R"("amount","operator":"GT","value":"much")") == 400);
  CHECK(one(R"("dealstage","operator":"IN","value":"closedwon")") == 400);
  CHECK(one(R"("dealstage","operator":"IN","values":["closedwon"])") == 200);
  CHECK(one(R"("hs_is_closed","operator":"GT","value":"false")") == 400);
  CHECK(one(R"("amount","operator":"ABOVE","value":"1")") == 400);
  CHECK(deals(R"({"filterGroups":{"filters":[]}})") == 400);
  CHECK(deals(R"({"sorts":[{"propertyName":"amount","direction":"DOWN"}]})") == 400);
  CHECK(deals(R"({"sorts":"amount"})") == 400);
}

TEST_CASE("HubSpot takes the options of an enumeration, owners that are there, and texts that fit") {
  HubspotDesk desk;
  const auto write = [&](const std::string& type, const std::string& properties) {
    const auto answer = desk.post("/crm/v3/objects/" + type, R"({"properties":{)" + properties + "}}");
    return answer.status == 201 ? "taken" : at(json(answer), "/errors/0/code");
  };
  CHECK(write("deals", R"("dealname":"x","dealstage":"closedwon")") == "taken");
  CHECK(write("deals", R"("dealname":"x","dealstage":"won")") == "INVALID_OPTION");
  CHECK(write("contacts", R"("firstname":"x","lifecyclestage":"friend")") == "INVALID_OPTION");
  CHECK(write("tickets", R"("subject":"x","hs_ticket_priority":"ASAP")") == "INVALID_OPTION");
  CHECK(write("deals", R"("dealname":"x","hubspot_owner_id":"99999999")") == "INVALID_OPTION");
  CHECK(write("contacts", R"("firstname":")" + std::string(65'537, 'x') + "\"") == "INVALID_LENGTH");
  const auto stage = json(desk.get("/crm/v3/properties/deals/dealstage"));
  CHECK(at(stage, "/type") == "enumeration");
  CHECK(at(stage, "/options/0/value") == "prospecting");
}
TEST_CASE("HubSpot counts records, users and logins, and knows whose a deal is") {
  HubspotDesk desk;
  const auto limits = json(desk.get("/crm/v3/limits/records"));
  CHECK(at(limits, "/hubspotDefinedObjectTypes/0/pluralLabel") == "Contacts");
  CHECK(at(limits, "/hubspotDefinedObjectTypes/0/usage") == std::to_string(desk.company.of(Kind::contact).size()));
  const auto active = desk.count(Kind::user, [](const Record& user) { return field(user, "active") == Value{true}; });
  CHECK(json(desk.get("/crm/v3/owners", {{"limit", "100"}})).at("results").as_array().size() == active);
  const auto logins = json(desk.get("/account-info/v3/activity/login", {{"limit", "200"}}));
  CHECK(logins.at("results").as_array().size() == 200);
  CHECK(at(logins, "/paging/next/after") == "200");
  const auto deals = json(desk.get("/crm/v3/objects/deals", {{"limit", "1"}, {"associations", "companies"}}));
  const std::string company = at(deals, "/results/0/associations/companies/results/0/id");
  const auto back =
      json(desk.post("/crm/v4/associations/companies/deals/batch/read", R"({"inputs":[{"id":")" + company + R"("}]})"));
  CHECK(at(back, "/results/0/from/id") == company);
}
