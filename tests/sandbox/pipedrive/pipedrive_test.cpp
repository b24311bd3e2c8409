#include "tests/sandbox/vendor_desk.h"

using namespace crmpulse;
using namespace crmpulse::sandbox;

namespace {

struct PipedriveDesk : Desk {
  PipedriveDesk() : Desk(make_pipedrive()) { headers = {{"x-api-token", "pat-na1-sandbox"}}; }
};

/// crmpulse-sandbox:sandbox-client-secret
const std::string kBasic = "Basic Y3JtcHVsc2Utc2FuZGJveDpzYW5kYm94LWNsaWVudC1zZWNyZXQ=";

}  // namespace

TEST_CASE("Pipedrive takes its key as a header or in the query") {
  PipedriveDesk desk;
  const auto me = json(desk.get("/v1/users/me"));
  CHECK(desk.call.operation == "liveness");
  CHECK(at(me, "/data/company_domain") == "sandbox");
  CHECK(desk.get("/api/v1/users/me").status == 200);
  desk.headers.clear();
  const auto refused = desk.get("/v1/users/me");
  CHECK(refused.status == 401);
  CHECK(at(json(refused), "/success") == "false");
  CHECK(at(json(refused), "/error") == "unauthorized access");
  CHECK(desk.get("/v1/users/me", {{"api_token", "pat-na1-sandbox"}}).status == 200);
}

TEST_CASE("Pipedrive's refresh tokens rotate") {
  PipedriveDesk desk;
  desk.headers = {{"Authorization", kBasic}};
  const auto first = json(desk.post("/oauth/token", "grant_type=refresh_token&refresh_token=sandbox-refresh-token"));
  CHECK(at(first, "/api_domain") == "http://127.0.0.1:9470");
  const std::string next = at(first, "/refresh_token");
  CHECK(next != "sandbox-refresh-token");
  const auto old = desk.post("/oauth/token", "grant_type=refresh_token&refresh_token=sandbox-refresh-token");
  CHECK(old.status == 400);
  CHECK(at(json(old), "/error") == "invalid_grant");
  const auto second = json(desk.post("/oauth/token", "grant_type=refresh_token&refresh_token=" + next));
  desk.headers = {{"Authorization", "Bearer " + at(second, "/access_token")}};
  CHECK(desk.get("/v1/users/me").status == 200);
  desk.api->revoke_tokens();
  CHECK(desk.get("/v1/users/me").status == 401);
  desk.headers = {{"Authorization", "Basic bm86bm8="}};
  CHECK(at(json(desk.post("/oauth/token", "grant_type=refresh_token&refresh_token=" + next)), "/error") ==
        "invalid_client");
}

TEST_CASE("a Pipedrive deal is created, read, updated and marked as deleted") {
  PipedriveDesk desk;
  const auto made = desk.post("/api/v2/deals", R"({"title":"zz-probe","favourite":"ignored","value":12.5})");
  REQUIRE(made.status == 200);
  CHECK(at(json(made), "/success") == "true");
  CHECK(json(made).at("data").at("value").as_double() == 12.5);
  const std::string path = "/api/v2/deals/" + at(json(made), "/data/id");
  CHECK(at(json(desk.get(path)), "/data/title") == "zz-probe");
  CHECK(at(json(desk.get(path)), "/data/status") == "open");
  CHECK(at(json(desk.ask("PATCH", path, {}, R"({"title":"zz-2","status":"won"})")), "/data/status") == "won");
  CHECK(at(json(desk.get(path)), "/data/won_time") == "2026-11-21T09:00:00Z");
  CHECK(desk.ask("DELETE", path).status == 200);
  const auto deleted = desk.get(path);
  CHECK(deleted.status == 200);
  CHECK(at(json(deleted), "/data/is_deleted") == "true");
  CHECK(at(json(desk.get("/api/v2/deals", {{"status", "deleted"}})), "/data/0/title") == "zz-2");
  CHECK(desk.ask("PATCH", path, {}, R"({"title":"x"})").status == 404);
  desk.now += std::chrono::hours{31 * 24};
  CHECK(desk.get(path).status == 404);
  CHECK(desk.post("/api/v2/deals", R"({"value":1})").status == 400);
  CHECK(desk.post("/api/v2/deals", "no").status == 400);
}

TEST_CASE("Pipedrive's lists sort, filter and page by cursor") {
  PipedriveDesk desk;
  TimePoint newest;
  desk.count(Kind::opportunity, [&](const Record& deal) { return newest = std::max(newest, deal.modified), true; });
  const auto last =
      json(desk.get("/api/v2/deals", {{"sort_by", "update_time"}, {"sort_direction", "desc"}, {"limit", "1"}}));
  CHECK(at(last, "/data/0/update_time") == format_time(std::chrono::floor<std::chrono::seconds>(newest)));
  CHECK(at(last, "/additional_data/next_cursor") != "null");
  const auto open = desk.count(Kind::opportunity, [](const Record& d) { return field(d, "closed") == Value{false}; });
  std::size_t seen = 0;
  std::string cursor;
  for (int page = 0; page < 10 && cursor != "null"; ++page) {
    Desk::Query query{{"status", "open"}, {"limit", "60"}};
    if (!cursor.empty()) query["cursor"] = cursor;
    const auto deals = json(desk.get("/api/v2/deals", query));
    seen += deals.at("data").as_array().size();
    cursor = at(deals, "/additional_data/next_cursor");
  }
  CHECK(seen == open);
  const auto since = desk.now - std::chrono::hours{24 * 2};
  const auto changed = desk.count(Kind::contact, [&](const Record& c) { return c.modified >= since; });
  const auto persons = json(desk.get("/api/v2/persons", {{"updated_since", format_time(since)}, {"limit", "500"}}));
  CHECK(persons.at("data").as_array().size() == std::min<std::size_t>(changed, 500));
  CHECK(desk.get("/api/v2/deals", {{"sort_by", "title"}}).status == 400);
}

TEST_CASE("Pipedrive's first version has its own times and pages") {
  PipedriveDesk desk;
  const auto users = json(desk.get("/v1/users"));
  CHECK(users.at("data").as_array().size() == desk.company.of(Kind::user).size());
  CHECK(at(users, "/data/0/last_login").find('T') == std::string::npos);
  const auto deals = json(desk.get("/v1/deals", {{"limit", "1"}}));
  CHECK(at(deals, "/additional_data/pagination/next_start") == "1");
  const auto flow = json(desk.get("/v1/deals/" + at(deals, "/data/0/id") + "/flow"));
  CHECK(at(flow, "/data/0/object") == "dealChange");
  CHECK(at(json(desk.get("/v1/leads", {{"limit", "1"}})), "/data/0/id").size() == 36);
}

TEST_CASE("Pipedrive's search sees new deals late") {
  PipedriveDesk desk;
  desk.company.set_search_lag(std::chrono::seconds{20});
  desk.post("/api/v2/deals", R"({"title":"zz-probe-77"})");
  const auto found = [&] {
    return json(desk.get("/api/v2/deals/search", {{"term", "zz-probe-77"}})).at("data").at("items").as_array().size();
  };
  CHECK(found() == 0);
  CHECK(desk.call.operation == "search");
  desk.now += std::chrono::seconds{21};
  CHECK(found() == 1);
}

TEST_CASE("Pipedrive counts tokens, and stops when they are gone") {
  PipedriveDesk desk;
  desk.api->set_daily_limit(5);
  const auto first = desk.get("/v1/users/me");
  CHECK(header(first, "x-daily-ratelimit-token-limit") == "5");
  CHECK(header(first, "x-daily-ratelimit-token-remaining") == "3");
  const auto over = desk.get("/api/v2/deals");
  CHECK(over.status == 429);
  CHECK(header(over, "x-daily-ratelimit-token-remaining") == "0");
  CHECK(header(over, "Retry-After").empty());
  CHECK(header(desk.fault("rate_limited"), "x-ratelimit-remaining") == "0");
  FaultRule abuse;
  abuse.fault = "rate_limited";
  abuse.name = "abuse";
  World world{desk.company, desk.credentials, desk.now, desk.faults, ""};
  const auto blocked = desk.api->fault_answer(abuse, world);
  CHECK(blocked.status == 403);
  CHECK(header(blocked, "Content-Type") == "text/html");
}

TEST_CASE("Pipedrive's status page is not HubSpot's") {
  PipedriveDesk desk;
  CHECK(at(json(desk.get("/api/v1/status")), "/page/state") == "operational");
  CHECK(desk.call.operation == "status");
  desk.add_fault("vendor_incident");
  CHECK(at(json(desk.get("/api/v1/status")), "/page/state") == "major_outage");
  net::HttpRequest other;
  other.path = "/api/v2/status.json";
  CHECK_FALSE(desk.api->owns(other));
  CHECK(make_hubspot()->owns(other));
  desk.add_fault("missing_field", "deals.value");
  CHECK(at(json(desk.get("/api/v2/deals")), "/data/0/value") == "-");
}

TEST_CASE("Pipedrive refuses filters, cursors and orders that it cannot read") {
  PipedriveDesk desk;
  const auto deals = [&](Desk::Query query) { return desk.get("/api/v2/deals", std::move(query)).status; };
  CHECK(deals({{"status", "open,won"}, {"updated_since", "2026-11-01T00:00:00Z"}}) == 200);
  CHECK(deals({{"status", "winning"}}) == 400);
  CHECK(deals({{"updated_since", "yesterday"}}) == 400);
  CHECK(deals({{"owner_id", "me"}}) == 400);
  CHECK(deals({{"stage_id", "99"}}) == 400);
  CHECK(deals({{"filter_id", "7"}}) == 400);
  CHECK(deals({{"limit", "501"}}) == 400);
  CHECK(deals({{"limit", "all"}}) == 400);
  CHECK(deals({{"cursor", "eyJmb28iOiJiYXIifQ"}}) == 400);
  CHECK(deals({{"sort_by", "id"}, {"sort_direction", "down"}}) == 400);
  CHECK(deals({{"favourite", "1"}}) == 400);
  CHECK(desk.get("/api/v2/persons", {{"status", "open"}}).status == 400);
  const auto first = json(desk.get("/api/v2/deals", {{"limit", "2"}}));
  const std::string ids = at(first, "/data/0/id") + "," + at(first, "/data/1/id");
  CHECK(json(desk.get("/api/v2/deals", {{"ids", ids}})).at("data").as_array().size() == 2);
  CHECK(deals({{"ids", "1,x"}}) == 400);
}

TEST_CASE("Pipedrive searches the fields that are named, and knows their names") {
  PipedriveDesk desk;
  const auto hits = [&](Desk::Query query) {
    const auto answer = desk.get("/api/v2/persons/search", std::move(query));
    return answer.status == 200 ? std::to_string(json(answer).at("data").at("items").as_array().size()) : "refused";
  };
  CHECK(hits({{"term", "@company"}, {"limit", "5"}}) == "5");
  CHECK(hits({{"term", "@company"}, {"fields", "email"}, {"limit", "5"}}) == "5");
  CHECK(hits({{"term", "@company"}, {"fields", "name"}}) == "0");
  CHECK(hits({{"term", "an"}, {"fields", "nickname"}}) == "refused");
  CHECK(hits({{"term", "an"}, {"exact_match", "perhaps"}}) == "refused");
  CHECK(desk.get("/api/v2/itemSearch", {{"term", "an"}, {"item_types", "lorry"}}).status == 400);
}

TEST_CASE("Pipedrive takes known statuses and stages, texts that fit, and records that are there") {
  PipedriveDesk desk;
  const auto write = [&](const std::string& members) {
    const auto answer = desk.post("/api/v2/deals", R"({"title":"zz",)" + members + "}");
    return answer.status == 200 ? "taken" : at(json(answer), "/error_info");
  };
  CHECK(write(R"("status":"won")") == "taken");
  CHECK(write(R"("status":"winning")") == "status is not one of the allowed values");
  CHECK(write(R"("stage_id":9)") == "stage_id is not one of the allowed values");
  CHECK(write(R"("org_id":99999999)") == "org_id refers to nothing that is there");
  CHECK(write(R"("value":"12.5")") == "value has a wrong type");
  CHECK(write(R"("title":")" + std::string(256, 'x') + "\"").find("255") != std::string::npos);
}
TEST_CASE("no two vendor APIs claim one path") {
  std::vector<std::unique_ptr<VendorApi>> apis;
  apis.push_back(make_hubspot());
  apis.push_back(make_zoho());
  apis.push_back(make_dynamics());
  apis.push_back(make_pipedrive());
  for (const char* path :
       {"/crm/v3/objects/contacts", "/crm/v3/Contacts", "/crm/v3/org", "/crm/v4/associations/a/b/batch/read",
        "/crm/owners/2026-09", "/crm/v2/coql", "/oauth/v1/token", "/oauth/v2/token", "/oauth/v3/token", "/oauth/token",
        "/t/oauth2/v2.0/token", "/api/data/v9.2/WhoAmI", "/api/v2/deals", "/api/v1/users", "/v1/users/me",
        "/api/v2/summary.json", "/api/v1/status", "/rss", "/v1.0/admin/serviceAnnouncement/healthOverviews"}) {
    net::HttpRequest request;
    request.method = "GET";
    request.path = path;
    int owners = 0;
    for (const auto& api : apis) owners += api->owns(request) ? 1 : 0;
    INFO(path);
    CHECK(owners == 1);
  }
  for (const char* path : {"/services/data/v60.0/limits", "/services/oauth2/token", "/v1/instances/NA1/status", "/",
                           "/hook", "/crm", "/crm/v3", "/crm/v7", "/api/v2", "/oauth"}) {
    net::HttpRequest request;
    request.method = "GET";
    request.path = path;
    INFO(path);
    for (const auto& api : apis) CHECK_FALSE(api->owns(request));
  }
}
