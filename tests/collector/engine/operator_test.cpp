// Silences, maintenance and acknowledgements as an operator makes them: over HTTP, with their effect on messages.

#include <catch2/catch.hpp>
#include <set>

#include "collector/http/tokens.h"
#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

struct Operator {
  const RunningCollector& running;
  std::string token;

  [[nodiscard]] net::ClientResponse call(const std::string& method, const std::string& path,
                                         const std::string& body = "") const {
    Call made{method, running.base() + path, {}, body};
    if (method == "POST") made.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
    if (!token.empty()) made.headers.emplace_back("Authorization", "Bearer " + token);
    return send(made);
  }
  [[nodiscard]] json::value made(const std::string& path, const std::string& body) const {
    const net::ClientResponse response = call("POST", path, body);
    INFO(response.body);
    REQUIRE(response.status == 201);
    return json::parse(response.body);
  }
};

std::string in(const RunningCollector& running, Duration ahead) {
  return format_time(running.now() + ahead);
}

std::string silence(const RunningCollector& running, const std::string& matchers) {
  return fmt::format(R"({{"matchers":{},"ends_at":"{}","author":"ana","comment":"moving <house>"}})", matchers,
                     in(running, 1h));
}

const std::string kNoSettle = [] {
  std::string rules = kQuickRules;
  rules.replace(rules.find("settings:"), 9, "settings:\n  settle: 0s");
  return rules;
}();

CollectorFiles told(const Sink& sink) {
  CollectorFiles files;
  files.rules = kNoSettle;
  files.receivers = fmt::format("  - {{name: oncall, type: webhook, url: \"{}\"}}\n", sink.url());
  return files;
}

/// `crm type` of what a receiver got.
std::multiset<std::string> got(const Sink& sink) {
  std::multiset<std::string> all;
  for (const net::HttpRequest& request : sink.requests()) {
    const json::value body = json::parse(request.body);
    all.insert(std::string{body.at("crm").as_string()} + " " + std::string{body.at("type").as_string()});
  }
  return all;
}

std::string incident_of(const RunningCollector& running, const std::string& crm) {
  return std::string{running.get_json("/api/v1/crms/" + crm).at("incident").at("id").as_string()};
}

/// In three requests: just after a start nothing is resolved at the first two.
void recover(const RunningCollector& running, const std::string& crm) {
  const TimePoint from = running.now();
  for (int part = 0; part < 3; ++part) {
    std::vector<Sample> good;
    for (int i = 1; i <= 8; ++i) {
      good.push_back(sample("crm_operation_duration_seconds", crm, 0.1, from + std::chrono::seconds{8 * part + i},
                            {{"operation", "read"}}));
    }
    REQUIRE(send(write_call(running.base(), wire::encode(good))).status == 204);
  }
}

json::array timeline(const RunningCollector& running, const std::string& id) {
  return running.get_json("/api/v1/incidents/" + id).at("timeline").as_array();
}

std::vector<std::string> types(const json::array& lines) {
  std::vector<std::string> all;
  for (const json::value& line : lines) all.emplace_back(line.at("type").as_string());
  return all;
}

bool has(const json::array& lines, std::string_view type) {
  const std::vector<std::string> all = types(lines);
  return std::find(all.begin(), all.end(), type) != all.end();
}

}  // namespace

TEST_CASE("a silence holds the page of its CRM alone, and ending it lets the page go") {
  Sink sink;
  const RunningCollector running{told(sink)};
  const Operator ana{running, ""};
  const json::value made = ana.made("/api/v1/silences", silence(running, R"({"crm":["acme"],"kind":"tryton"})"));
  CHECK(made.at("status").as_string() == "active");
  const std::string id{made.at("id").as_string()};
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(running.write_latency("beta", 5) == 204);
  REQUIRE(eventually([&] { return !sink.requests().empty(); }));
  CHECK(running.state_of("acme") == "poor");
  CHECK(running.get_json("/api/v1/crms/acme").at("silences").at(0).at("id").as_string() == id);
  CHECK(running.get_json("/api/v1/crms/beta").at("silences").as_array().empty());
  CHECK(got(sink) == std::multiset<std::string>{"beta incident.opened"});
  CHECK(running.get_json("/api/v1/deliveries?crm=acme").at("deliveries").as_array().empty());
  CHECK(running.get_json("/api/v1/silences?state=active").at("silences").as_array().size() == 1);

  const net::ClientResponse ended = ana.call("DELETE", "/api/v1/silences/" + id);
  CHECK(ended.status == 200);
  CHECK(json::parse(ended.body).at("status").as_string() == "expired");
  REQUIRE(eventually([&] { return got(sink).contains("acme incident.opened"); }));
  CHECK(running.get_json("/api/v1/silences?state=active").at("silences").as_array().empty());
  CHECK(running.get_json("/api/v1/silences?state=expired").at("silences").as_array().size() == 1);
  CHECK(running.get_json("/api/v1/silences/" + id).at("author").as_string() == "ana");
  CHECK(ana.call("DELETE", "/api/v1/silences/" + id).status == 404);
  CHECK(ana.call("GET", "/api/v1/silences/none").status == 404);
}

TEST_CASE("what matches no CRM says so when it is made, and what matches says which") {
  Sink sink;
  const RunningCollector running{told(sink)};
  const Operator ana{running, ""};
  REQUIRE(running.write_latency("acme", 0.1) == 204);
  REQUIRE(running.write_latency("acme-test", 0.1) == 204);
  const auto made = [&](const char* path, const std::string& matchers) {
    return ana.made(path, silence(running, matchers));
  };

  const json::value both = made("/api/v1/silences", R"({"crm":["acme-test","acme"]})");
  CHECK(both.at("matches").at("count").to_number<int>() == 2);
  CHECK(both.at("matches").at("crms").as_array().size() == 2);
  CHECK(both.as_object().if_contains("warning") == nullptr);

  for (const char* path : {"/api/v1/silences", "/api/v1/maintenance"}) {
    for (const char* matchers : {R"({"crm":"acne"})", R"({"crm":"acme","kind":"salesforce"})", R"({"team":"sales"})"}) {
      const json::value nobody = made(path, matchers);
      INFO(json::serialize(nobody));
      CHECK(nobody.at("matches").at("count").to_number<int>() == 0);
      CHECK_FALSE(nobody.at("warning").at("en").as_string().empty());
      CHECK_FALSE(nobody.at("warning").at("zh").as_string().empty());
    }
  }
}

TEST_CASE("an incident that was told is resolved in silence too") {
  Sink sink;
  const RunningCollector running{told(sink)};
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually([&] { return sink.requests().size() == 1; }));
  const std::string id = incident_of(running, "acme");
  (void)Operator{running, ""}.made("/api/v1/silences", silence(running, R"({"crm":"acme"})"));
  recover(running, "acme");
  REQUIRE(eventually([&] { return got(sink).contains("acme incident.resolved"); }));
  REQUIRE(
      eventually([&] { return running.get_json("/api/v1/incidents/" + id).at("state").as_string() == "resolved"; }));
  const json::array lines = timeline(running, id);
  CHECK(has(lines, "silence"));
  CHECK(lines.back().at("type").as_string() != "silence");
}

TEST_CASE("silences and maintenance are there again after a restart") {
  Sink sink;
  RunningCollector running{told(sink)};
  {
    const Operator ana{running, ""};
    (void)ana.made("/api/v1/silences", silence(running, R"({"crm":"acme"})"));
    (void)ana.made("/api/v1/maintenance", silence(running, R"({"crm":"beta"})"));
  }
  running.stop();
  running.start();
  for (const char* crm : {"acme", "beta", "gamma"}) REQUIRE(running.write_latency(crm, 5) == 204);
  REQUIRE(eventually([&] { return !sink.requests().empty(); }));
  CHECK(running.state_of("acme") == "poor");
  CHECK(running.state_of("beta") == "poor");
  CHECK(got(sink) == std::multiset<std::string>{"gamma incident.opened"});
  CHECK(running.get_json("/api/v1/crms/beta").at("maintenance").as_array().size() == 1);
}

TEST_CASE("maintenance ended early lets what is still wrong be told") {
  Sink sink;
  const RunningCollector running{told(sink)};
  const Operator ana{running, ""};
  const json::value made = ana.made("/api/v1/maintenance", silence(running, R"({"crm":"acme"})"));
  CHECK(made.at("weekly").is_null());
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(running.state_of("acme") == "poor");
  CHECK(ana.call("DELETE", "/api/v1/maintenance/" + std::string{made.at("id").as_string()}).status == 200);
  REQUIRE(eventually([&] { return got(sink).contains("acme incident.opened"); }));
}

TEST_CASE("weekly maintenance shows its next window in local time") {
  const RunningCollector running;
  const json::value made =
      Operator{running, ""}.made("/api/v1/maintenance",
                                 R"({"matchers":{"kind":"tryton"},"author":"ana","comment":"updates",
          "weekly":{"days":["sun","mon-tue"],"from":"22:00","to":"02:00","tz":"Europe/Berlin"}})");
  CHECK(made.at("ends_at").is_null());
  CHECK(json::serialize(made.at("weekly")) ==
        R"({"days":["mon","tue","sun"],"from":"22:00","to":"02:00","tz":"Europe/Berlin"})");
  const auto from = parse_time(std::string_view{made.at("window").at("from").as_string()});
  const auto to = parse_time(std::string_view{made.at("window").at("to").as_string()});
  REQUIRE((from && to));
  CHECK(*to > running.now());
  CHECK(*to - *from <= 5h);
  CHECK(*to - *from >= 3h);
}

TEST_CASE("maintenance of the configuration holds, is shown, and ends with the file") {
  CollectorFiles files;
  files.extra =
      "maintenance:\n  - {matchers: {crm: acme}, comment: nightly, weekly: {days: mon-sun, from: \"00:00\", to: "
      "\"24:00\", tz: UTC}}\n";
  RunningCollector running{files};
  REQUIRE(running.write_latency("acme", 5) == 204);
  const json::value window = running.get_json("/api/v1/crms/acme").at("maintenance").at(0);
  CHECK(window.at("configured").as_bool());
  CHECK(window.at("author").as_string() == "collector.yaml");
  const Operator ana{running, ""};
  CHECK(ana.call("DELETE", "/api/v1/maintenance/" + std::string{window.at("id").as_string()}).status == 409);
  CHECK(running.get_json("/api/v1/maintenance").at("maintenance").as_array().size() == 1);
  running.files().extra.clear();
  running.write_files();
  REQUIRE(ana.call("POST", "/-/reload").status == 200);
  CHECK(running.get_json("/api/v1/crms/acme").at("maintenance").as_array().empty());
}

TEST_CASE("what cannot be a silence or a window is refused with the field that is wrong") {
  const RunningCollector running;
  const Operator ana{running, ""};
  const auto refused = [&](const std::string& path, const std::string& body, const std::string& field) {
    const net::ClientResponse response = ana.call("POST", path, body);
    INFO(body << " → " << response.body);
    CHECK(response.status == 400);
    const json::value error = json::parse(response.body).at("error");
    CHECK_FALSE(error.at("message").as_string().empty());
    CHECK(std::string{error.at("field").as_string()} == field);
  };
  const std::string silences = "/api/v1/silences";
  const std::string maintenance = "/api/v1/maintenance";
  const auto with = [&](const std::string& matchers, const std::string& more) {
    return R"({"author":"ana","comment":"why","matchers":)" + matchers + "," + more + "}";
  };
  const std::string crm = R"({"crm":"acme"})";
  const std::string end = fmt::format(R"("ends_at":"{}")", in(running, 1h));
  const auto weekly = [](const std::string& text) {
    return R"({"author":"ana","comment":"why","matchers":{"crm":"acme"},"weekly":)" + text + "}";
  };
  refused(silences, "{}", "matchers");
  refused(silences, with("{}", end), "matchers");
  refused(silences, with("[]", end), "matchers");
  refused(silences, with(R"({"crm":[]})", end), "matchers.crm");
  refused(silences, with(R"({"crm":[""]})", end), "matchers.crm");
  refused(silences, with(R"({"crm":[1]})", end), "matchers.crm");
  refused(silences, with(R"({"crm":7})", end), "matchers.crm");
  refused(silences, with(R"({"":"x"})", end), "matchers");
  refused(silences, with(crm, R"("starts_at":null)"), "ends_at");
  refused(silences, with(crm, R"("ends_at":"tomorrow")"), "ends_at");
  refused(silences, with(crm, R"("ends_at":5)"), "ends_at");
  refused(silences, with(crm, fmt::format(R"("ends_at":"{}")", in(running, -1h))), "ends_at");
  refused(silences, with(crm, fmt::format(R"("ends_at":"{}")", in(running, 24h * 31))), "ends_at");
  refused(silences, with(crm, fmt::format(R"("starts_at":"{}",{})", in(running, 2h), end)), "ends_at");
  refused(silences, with(crm, R"("starts_at":"soon",)" + end), "starts_at");
  refused(silences,
          with(crm, fmt::format(R"("starts_at":"{}","ends_at":"{}")", in(running, 24h * 400), in(running, 24h * 401))),
          "starts_at");
  refused(silences, with(crm, R"("expires_in":"soon")"), "expires_in");
  refused(silences, with(crm, R"("expires_in":"0s")"), "expires_in");
  refused(silences, with(crm, R"("expires_in":"31d")"), "expires_in");
  refused(silences, with(crm, R"("expires_in":7200)"), "expires_in");
  refused(silences, with(crm, R"("expires_in":"2h",)" + end), "expires_in");
  refused(maintenance, with(crm, R"("expires_in":"367d")"), "expires_in");
  refused(silences, with(crm, R"("weekly":{},)" + end), "weekly");
  refused(silences, with(crm, R"("until":"x",)" + end), "until");
  refused(silences, fmt::format(R"({{"matchers":{{"crm":"a"}},"author":"ana",{}}})", end), "comment");
  refused(silences, fmt::format(R"({{"matchers":{{"crm":"a"}},"author":"ana","comment":"  ",{}}})", end), "comment");
  refused(silences, fmt::format(R"({{"matchers":{{"crm":"a"}},"comment":"why",{}}})", end), "author");
  refused(silences, fmt::format(R"({{"matchers":{{"crm":"a"}},"comment":"why","author":"a\nb",{}}})", end), "author");
  refused(silences,
          fmt::format(R"({{"matchers":{{"crm":"a"}},"comment":"why","author":"{}",{}}})", std::string(101, 'a'), end),
          "author");
  refused(maintenance, with(crm, R"("starts_at":null)"), "ends_at");
  refused(maintenance, with(crm, fmt::format(R"("ends_at":"{}")", in(running, 24h * 367))), "ends_at");
  refused(maintenance, weekly(R"("mon")"), "weekly");
  refused(maintenance, weekly(R"({"days":[],"from":"22:00","to":"23:00","tz":"UTC"})"), "weekly.days");
  refused(maintenance, weekly(R"({"days":"someday","from":"22:00","to":"23:00","tz":"UTC"})"), "weekly.days");
  refused(maintenance, weekly(R"({"days":"mon","from":"24:00","to":"23:00","tz":"UTC"})"), "weekly.from");
  refused(maintenance, weekly(R"({"days":"mon","from":"9:00","to":"23:00","tz":"UTC"})"), "weekly.from");
  refused(maintenance, weekly(R"({"days":"mon","from":"22:00","to":"24:01","tz":"UTC"})"), "weekly.to");
  refused(maintenance, weekly(R"({"days":"mon","from":"22:00","to":"22:00","tz":"UTC"})"), "weekly.to");
  refused(maintenance, weekly(R"({"days":"mon","from":"22:00","to":"23:00"})"), "weekly.tz");
  refused(maintenance, weekly(R"({"days":"mon","from":"22:00","to":"23:00","tz":"../etc/passwd"})"), "weekly.tz");
  refused(maintenance, weekly(R"({"days":"mon","from":"22:00","to":"23:00","tz":"UTC","every":2})"), "weekly.every");
  CHECK(running.get_json(silences).at("silences").as_array().empty());
  CHECK(running.get_json(maintenance).at("maintenance").as_array().empty());
  CHECK(ana.call("GET", silences + "?state=odd").status == 400);
  CHECK(ana.call("GET", silences + "?limit=0").status == 400);
  CHECK(ana.call("POST", silences, "no JSON").status == 400);
  CHECK(ana.call("POST", silences, "[1]").status == 400);
  CHECK(ana.call("POST", silences, std::string(70'000, ' ')).status == 413);
  CHECK(send({"POST", running.base() + silences, {{"Content-Type", "text/plain"}}, silence(running, crm)}).status ==
        415);
}

TEST_CASE("only operators write, and their token's name is the author", "[slow]") {
  const RunningCollector running{{"", "", "required"}};
  const std::string state = running.directory().path("state");
  const Operator viewer{running, collector::create_token(state, "page", collector::AccessRole::viewer).value()};
  const Operator ops{running, collector::create_token(state, "ops", collector::AccessRole::operator_).value()};
  REQUIRE(eventually([&] { return ops.call("GET", "/api/v1/silences").status == 200; }));
  const std::string body =
      fmt::format(R"({{"matchers":{{"crm":"acme"}},"ends_at":"{}","comment":"why"}})", in(running, 1h));
  for (const char* path : {"/api/v1/silences", "/api/v1/maintenance"}) {
    INFO(path);
    CHECK(viewer.call("POST", path, body).status == 403);
    CHECK(viewer.call("DELETE", std::string{path} + "/x").status == 403);
    CHECK(viewer.call("GET", path).status == 200);
    CHECK(ops.made(path, body).at("author").as_string() == "ops");
  }
  for (const char* path : {"/api/v1/incidents/x/ack", "/api/v1/deliveries/x/retry"})
    CHECK(viewer.call("POST", path, "{}").status == 403);
  CHECK(viewer.call("DELETE", "/api/v1/incidents/x/ack").status == 403);
  CHECK(Operator{running, ""}.call("POST", "/api/v1/silences", body).status == 401);
  CHECK(ops.call("POST", "/api/v1/incidents/x/ack", "{}").status == 404);
}

TEST_CASE("a silence and a maintenance window take a duration, as an acknowledgement does, from their beginning on") {
  const RunningCollector running{CollectorFiles{}};
  const Operator ana{running, ""};
  const std::string who = R"({"matchers":{"crm":"acme"},"author":"ana","comment":"why",)";
  const auto lasts = [](const json::value& made) {
    return *parse_time(std::string_view{made.at("ends_at").as_string()}) -
           *parse_time(std::string_view{made.at("starts_at").as_string()});
  };
  const json::value silenced = ana.made("/api/v1/silences", who + R"("expires_in":"2h"})");
  CHECK(lasts(silenced) == 2h);
  CHECK(silenced.at("status").as_string() == "active");
  const std::string begins = in(running, 5h);
  const json::value planned =
      ana.made("/api/v1/maintenance", who + fmt::format(R"("starts_at":"{}","expires_in":"90m"}})", begins));
  CHECK(planned.at("starts_at").as_string() == begins);
  CHECK(lasts(planned) == 90min);
}

TEST_CASE("an acknowledgement is shown, outlives a restart, and can be taken back") {
  Sink sink;
  RunningCollector running{told(sink)};
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually([&] { return sink.requests().size() == 1; }));
  const std::string id = incident_of(running, "acme");
  const std::string path = "/api/v1/incidents/" + id + "/ack";
  {
    const Operator ana{running, ""};
    CHECK(ana.call("DELETE", path).status == 409);
    const net::ClientResponse acked =
        ana.call("POST", path, R"({"author":"ana","comment":"on <it>","expires_in":"2h"})");
    INFO(acked.body);
    REQUIRE(acked.status == 200);
    CHECK(json::parse(acked.body).at("ack").at("author").as_string() == "ana");
  }
  running.stop();
  running.start();
  const Operator ana{running, ""};
  const json::value incident = running.get_json("/api/v1/crms/acme").at("incident");
  CHECK(incident.at("acked_by").as_string() == "ana");
  CHECK(incident.at("ack").at("comment").as_string() == "on <it>");
  CHECK(running.get_json("/api/v1/incidents/" + id).at("ack").at("author").as_string() == "ana");
  CHECK(running.get("/plain").body.find("on &lt;it&gt;") != std::string::npos);
  CHECK(ana.call("DELETE", path).status == 200);
  CHECK(running.get_json("/api/v1/crms/acme").at("incident").at("acked_by").is_null());
  const json::array lines = timeline(running, id);
  CHECK(has(lines, "ack"));
  CHECK(has(lines, "ack_ended"));

  recover(running, "acme");
  REQUIRE(eventually([&] { return got(sink).contains("acme incident.resolved"); }));
  const net::ClientResponse late = ana.call("POST", path, R"({"author":"ana"})");
  CHECK(late.status == 409);
  CHECK(ana.call("DELETE", path).status == 409);
  CHECK(ana.call("POST", "/api/v1/incidents/none/ack", R"({"author":"ana"})").status == 404);
}

TEST_CASE("the page shows who works on it, what is silenced and what was not delivered, escaped, in both languages") {
  Sink sink{{net::HttpResponse{410, {}, ""}}};
  const RunningCollector running{told(sink)};
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually(
      [&] { return running.get_json("/api/v1/deliveries?status=dead").at("deliveries").as_array().size() == 1; }));
  CHECK(running.get("/plain").body.find("Nobody has acknowledged it 尚无人确认") != std::string::npos);
  (void)Operator{running, ""}.made("/api/v1/silences", silence(running, R"({"crm":["acme","<i>"]})"));
  const std::string page = running.get("/plain").body;
  CHECK(page.find("Silences and maintenance 静默与维护") != std::string::npos);
  CHECK(page.find("crm=acme|&lt;i&gt;") != std::string::npos);
  CHECK(page.find("moving &lt;house&gt;") != std::string::npos);
  CHECK(page.find("<house>") == std::string::npos);
  CHECK(page.find("Not delivered 未送达") != std::string::npos);
  CHECK(page.find("opened 发生") != std::string::npos);
  CHECK(page.find("<script") == std::string::npos);
}

TEST_CASE("a dead message is sent again when an operator asks for it", "[slow]") {
  Sink sink{{net::HttpResponse{410, {}, ""}}};
  RunningCollector running{told(sink)};
  REQUIRE(running.write_latency("acme", 5) == 204);
  const auto listed = [&](const std::string& status) {
    return running.get_json("/api/v1/deliveries?status=" + status).at("deliveries").as_array();
  };
  REQUIRE(eventually([&] { return listed("dead").size() == 1; }));
  const json::value dead = listed("dead").at(0);
  CHECK(parse_time(std::string_view{dead.at("finished_at").as_string()}).has_value());
  CHECK(dead.at("not_before").is_null());
  // Its receiver said that it is gone: a reload is the word that it is there again.
  const Operator ana{running, ""};
  REQUIRE(ana.call("POST", "/-/reload").status == 200);
  const std::string path = "/api/v1/deliveries/" + std::string{dead.at("id").as_string()} + "/retry";
  CHECK(ana.call("POST", path).status == 202);
  REQUIRE(eventually([&] { return listed("delivered").size() == 1; }));
  CHECK(ana.call("POST", path).status == 404);
  CHECK(ana.call("POST", "/api/v1/deliveries/none/retry").status == 404);
}

TEST_CASE("an acknowledgement that makes no sense is refused") {
  const RunningCollector running;
  REQUIRE(running.write_latency("acme", 5) == 204);
  const Operator ana{running, ""};
  const std::string path = "/api/v1/incidents/" + incident_of(running, "acme") + "/ack";
  const auto refused = [&](const std::string& body, const std::string& field) {
    const net::ClientResponse response = ana.call("POST", path, body);
    INFO(body << " → " << response.body);
    CHECK(response.status == 400);
    CHECK(std::string{json::parse(response.body).at("error").at("field").as_string()} == field);
  };
  refused("{}", "author");
  refused(R"({"author":7})", "author");
  refused(R"({"author":"ana","comment":"a\u0001b"})", "comment");
  refused(R"({"author":"ana","expires_in":"soon"})", "expires_in");
  refused(R"({"author":"ana","expires_in":"0s"})", "expires_in");
  refused(R"({"author":"ana","expires_in":"31d"})", "expires_in");
  refused(R"({"author":"ana","expires_at":"soon"})", "expires_at");
  refused(fmt::format(R"({{"author":"ana","expires_at":"{}"}})", in(running, -1h)), "expires_at");
  refused(fmt::format(R"({{"author":"ana","expires_at":"{}"}})", in(running, 24h * 31)), "expires_at");
  refused(fmt::format(R"({{"author":"ana","expires_in":"1h","expires_at":"{}"}})", in(running, 1h)), "expires_at");
  refused(R"({"author":"ana","until":"1h"})", "until");
  CHECK(ana.call("POST", path, "x").status == 400);
  CHECK(send({"POST", running.base() + path, {{"Content-Type", "text/plain"}}, "{}"}).status == 415);
  CHECK(running.get_json("/api/v1/crms/acme").at("incident").at("acked_by").is_null());
}
