// Notes on incidents, and how incidents are found again: by level, by time, by when somebody was first on them.

#include <catch2/catch.hpp>

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

  [[nodiscard]] net::ClientResponse post(const std::string& path, const std::string& body) const {
    return send({"POST",
                 running.base() + path,
                 {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + token}},
                 body});
  }
  [[nodiscard]] json::value get(const std::string& path) const {
    return json::parse(send({"GET", running.base() + path, {{"Authorization", "Bearer " + token}}, ""}).body);
  }
};

std::string open_incident(const RunningCollector& running, const std::string& crm) {
  const std::string path = "/api/v1/incidents?state=open&crm=" + crm;
  REQUIRE(eventually([&] { return running.get_json(path).at("incidents").as_array().size() == 1; }));
  return std::string{running.get_json(path).at("incidents").at(0).at("id").as_string()};
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
  REQUIRE(eventually([&] {
    return running.get_json("/api/v1/incidents?state=resolved&crm=" + crm).at("incidents").as_array().size() == 1;
  }));
}

std::vector<std::string> notes_of(const json::value& incident) {
  std::vector<std::string> notes;
  for (const json::value& line : incident.at("timeline").as_array()) {
    if (line.at("type").as_string() == "note") notes.emplace_back(line.at("note").as_string());
  }
  return notes;
}

std::size_t listed(const RunningCollector& running, const std::string& query) {
  return running.get_json("/api/v1/incidents?" + query).at("incidents").as_array().size();
}

}  // namespace

TEST_CASE("a note is a line of the timeline, while the incident is open and after it is over, and over a restart") {
  RunningCollector running;
  REQUIRE(running.write_latency("acme", 5) == 204);
  const std::string id = open_incident(running, "acme");
  const std::string path = "/api/v1/incidents/" + id;
  const Operator anybody{running, "none"};
  const auto made = anybody.post(path + "/notes", R"({"author":"ana","text":"disk is full\nfreed 2 GiB"})");
  REQUIRE(made.status == 201);
  const json::value line = json::parse(made.body);
  CHECK(line.at("type").as_string() == "note");
  CHECK(line.at("author").as_string() == "ana");
  CHECK(line.at("note").as_string() == "disk is full\nfreed 2 GiB");
  CHECK(line.at("text").at("en").as_string() == "Note by ana: disk is full\nfreed 2 GiB");
  CHECK(line.at("text").at("zh").as_string() == "ana 备注：disk is full\nfreed 2 GiB");
  recover(running, "acme");
  CHECK(anybody.post(path + "/notes", R"({"author":"ben","text":"alert on free space"})").status == 201);
  running.stop();
  running.start();
  CHECK(notes_of(running.get_json(path)) ==
        std::vector<std::string>{"disk is full\nfreed 2 GiB", "alert on free space"});
  CHECK(running.get("/plain/incidents/" + id).body.find("alert on free space") != std::string::npos);
}

TEST_CASE("a note's author is the token's name, and the audit log has who wrote it but not what") {
  CollectorFiles files;
  files.auth = "required";
  RunningCollector running{files};
  const std::string state = running.directory().path("state");
  const std::string sender = collector::create_token(state, "branch", collector::AccessRole::ingest).value();
  const std::string viewer = collector::create_token(state, "val", collector::AccessRole::viewer).value();
  const std::string admin = collector::create_token(state, "ana", collector::AccessRole::admin).value();
  running.tick();
  std::vector<Sample> slow;
  for (int i = 5; i >= 0; --i) {
    slow.push_back(sample("crm_operation_duration_seconds", "acme", 5, running.now() - std::chrono::seconds{i},
                          {{"operation", "read"}}));
  }
  Call write = write_call(running.base(), wire::encode(slow));
  write.headers.emplace_back("Authorization", "Bearer " + sender);
  REQUIRE(send(write).status == 204);
  const Operator ana{running, admin};
  REQUIRE(eventually([&] { return ana.get("/api/v1/incidents").at("incidents").as_array().size() == 1; }));
  const std::string id{ana.get("/api/v1/incidents").at("incidents").at(0).at("id").as_string()};
  CHECK(Operator{running, viewer}.post("/api/v1/incidents/" + id + "/notes", R"({"text":"x"})").status == 403);
  const auto made = ana.post("/api/v1/incidents/" + id + "/notes", R"({"text":"called the vendor"})");
  INFO(made.body);
  REQUIRE(made.status == 201);
  CHECK(json::parse(made.body).at("author").as_string() == "ana");
  json::value entry;
  REQUIRE(eventually([&] {
    const json::value log = ana.get("/api/v1/audit");
    if (log.at("entries").as_array().empty()) return false;
    entry = log.at("entries").at(0);
    return true;
  }));
  CHECK(entry.at("who").as_string() == "ana");
  CHECK(entry.at("action").as_string() == "POST /api/v1/incidents/" + id + "/notes");
  CHECK(entry.at("about").as_string() == json::parse(made.body).at("id").as_string());
  CHECK(json::serialize(entry).find("vendor") == std::string::npos);
}

TEST_CASE("notes are bounded in length and number, and what is wrong with one is said") {
  const RunningCollector running;
  REQUIRE(running.write_latency("acme", 5) == 204);
  const std::string path = "/api/v1/incidents/" + open_incident(running, "acme") + "/notes";
  const Operator anybody{running, "none"};
  const auto refused = [&](const std::string& body, const char* field) {
    const auto answer = anybody.post(path, body);
    INFO(body.substr(0, 60));
    CHECK(answer.status == 400);
    CHECK(json::parse(answer.body).at("error").at("field").as_string() == field);
  };
  refused(R"({"author":"ana"})", "text");
  refused(R"({"author":"ana","text":" \n "})", "text");
  refused(R"({"author":"ana","text":"a\u0007b"})", "text");
  refused(R"({"text":"nobody wrote it"})", "author");
  refused(R"({"author":"ana","text":"a","when":"now"})", "when");
  refused(R"({"author":"ana","text":")" + std::string(2001, 'x') + "\"}", "text");
  CHECK(anybody.post("/api/v1/incidents/none/notes", R"({"author":"ana","text":"a"})").status == 404);
  for (int i = 0; i < 200; ++i) REQUIRE(anybody.post(path, R"({"author":"ana","text":"again"})").status == 201);
  const auto full = anybody.post(path, R"({"author":"ana","text":"again"})");
  CHECK(full.status == 409);
  CHECK(json::parse(full.body).at("error").at("code").as_string() == "too_many");
}

TEST_CASE("an incident keeps when it was first acknowledged, also after it is over and over a restart") {
  RunningCollector running;
  REQUIRE(running.write_latency("acme", 5) == 204);
  const std::string id = open_incident(running, "acme");
  const std::string path = "/api/v1/incidents/" + id;
  CHECK(running.get_json(path).at("acknowledged_at").is_null());
  const Operator anybody{running, "none"};
  const auto first = anybody.post(path + "/ack", R"({"author":"ana"})");
  REQUIRE(first.status == 200);
  const json::value at = json::parse(first.body).at("ack").at("at");
  REQUIRE(send({"DELETE", running.base() + path + "/ack", {}, ""}).status == 200);
  CHECK(running.get_json(path).at("ack").is_null());
  CHECK(running.get_json(path).at("acknowledged_at") == at);
  running.stop();
  running.start();
  REQUIRE(anybody.post(path + "/ack", R"({"author":"ben"})").status == 200);
  CHECK(running.get_json(path).at("acknowledged_at") == at);
  recover(running, "acme");
  const json::value over = running.get_json("/api/v1/incidents?crm=acme").at("incidents").at(0);
  CHECK(over.at("acknowledged_at") == at);
  CHECK(over.at("resolved_at").is_string());
}

TEST_CASE("incidents are found by their level and by when they were open") {
  const RunningCollector running;
  const auto day = [&](int days) { return format_time(running.now() + std::chrono::hours{24 * days}); };
  REQUIRE(running.write_latency("slow", 1.5) == 204);
  REQUIRE(running.write_latency("dead", 5) == 204);
  (void)open_incident(running, "slow");
  (void)open_incident(running, "dead");
  CHECK(listed(running, "level=poor") == 1);
  CHECK(listed(running, "level=sub_healthy") == 1);
  CHECK(listed(running, "level=poor&crm=slow") == 0);
  CHECK(running.get("/api/v1/incidents?level=healthy").status == 400);
  CHECK(listed(running, "from=" + day(-1) + "&to=" + day(1)) == 2);
  CHECK(listed(running, "to=" + day(-1)) == 0);
  // What is open is open later, too.
  CHECK(listed(running, "from=" + day(1)) == 2);
  recover(running, "dead");
  CHECK(listed(running, "from=" + day(1)) == 1);
  CHECK(listed(running, "from=" + day(-1) + "&crm=dead") == 1);
  CHECK(running.get("/api/v1/incidents?from=yesterday").status == 400);
}
