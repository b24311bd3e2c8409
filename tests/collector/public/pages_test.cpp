// The public page over HTTP: for whom, of which CRMs, and what it must not tell.

#include "collector/public/pages.h"

#include <catch2/catch.hpp>

#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

namespace json = boost::json;

const std::array<const char*, 4> kForms{"/status", "/status.json", "/status.atom", "/badge/acme.svg"};

CollectorFiles shown(const std::string& page) {
  CollectorFiles files;
  files.extra = page;
  return files;
}

net::ClientResponse ask(const RunningCollector& running, const std::string& path,
                        std::vector<std::pair<std::string, std::string>> headers = {}) {
  return send({"GET", running.base() + path, std::move(headers), ""});
}

/// As often as it is made anew.
json::value status_of(const RunningCollector& running) {
  return running.get_json("/status.json");
}

}  // namespace

TEST_CASE("nothing is public unless the configuration says so, and then only the chosen CRMs") {
  RunningCollector running;
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(running.write_latency("secret", 5) == 204);
  for (const char* form : kForms) CHECK(running.get(form).status == 404);
  CHECK(running.get("/status.css").status == 404);
  running.files().extra =
      "public: {crms: [acme], names: {acme: {en: Sales, zh: 销售}}, title: {en: Ours, zh: 我们的系统}}\n";
  running.write_files();
  REQUIRE(send({"POST", running.base() + "/-/reload", {}, ""}).status == 200);
  for (const char* form : kForms) {
    const net::ClientResponse answer = running.get(form);
    INFO(form << ' ' << answer.body);
    CHECK(answer.status == 200);
    CHECK(answer.body.find("secret") == std::string::npos);
    CHECK(answer.body.find("Sales") != std::string::npos);
  }
  CHECK(running.get("/status.css").status == 200);
  CHECK(running.get("/badge/secret.svg").status == 404);
  CHECK(running.get("/badge/acme.png").status == 404);
  CHECK(running.get("/status?lang=fr").status == 400);
  const json::value crm = status_of(running).at("crms").at(0);
  CHECK(crm.at("state").as_string() == "poor");
  CHECK(crm.at("says").at("en").as_string().starts_with("Poor since "));
  REQUIRE(crm.at("days").as_array().size() == 90);
}

TEST_CASE("CRMs are chosen by their labels too") {
  const RunningCollector running{shown("public: {crms: {kind: tryton}}\n")};
  REQUIRE(running.write_latency("acme", 0.1) == 204);
  const json::value crms = status_of(running).at("crms");
  REQUIRE(crms.as_array().size() == 1);
  CHECK(crms.at(0).at("name").at("en").as_string() == "acme");
  CHECK(crms.at(0).at("state").as_string() == "healthy");
}

TEST_CASE("a CRM of the list that was never heard of has no data, which is not healthy") {
  const RunningCollector running{shown("public: {crms: [acme]}\n")};
  const json::value status = status_of(running);
  CHECK(status.at("state").as_string() == "unknown");
  CHECK(status.at("crms").at(0).at("state").as_string() == "unknown");
  CHECK(running.get("/badge/acme.svg").body.find("No data") != std::string::npos);
}

TEST_CASE("strangers read no threshold, value, evidence, agent or author") {
  CollectorFiles files = shown("public: {crms: [acme]}\n");
  const RunningCollector running{files};
  const std::string line =
      R"({"at":")" + format_time(running.now()) +
      R"(","crm":"acme","kind":"tryton","agent":"branch-1","operation":"read","stage":"connect",)" +
      R"("reason":"timeout","text":"db7.internal did not answer"})";
  REQUIRE(
      send({"POST", running.base() + "/api/v1/evidence", {{"Content-Type", "application/x-ndjson"}}, line}).status ==
      204);
  REQUIRE(running.write_latency("acme", 7.25) == 204);
  REQUIRE(send({"POST",
                running.base() + "/api/v1/maintenance",
                {{"Content-Type", "application/json"}},
                fmt::format(R"({{"matchers":{{"crm":"acme"}},"starts_at":"{}","expires_in":"2h","author":"ana",)"
                            R"("comment":"moving db7"}})",
                            format_time(running.now() + std::chrono::hours{24}))})
              .status == 201);
  REQUIRE(eventually([&] { return running.get_json("/api/v1/incidents").at("incidents").as_array().size() == 1; }));
  for (const char* form : kForms) {
    const std::string body = running.get(form).body;
    INFO(body);
    for (const char* internal : {"db7", "branch-1", "timeout", "ana", "moving", "7.25", "from 3", "tryton", "read"})
      CHECK(body.find(internal) == std::string::npos);
  }
  const json::value crm = status_of(running).at("crms").at(0);
  REQUIRE(crm.at("incidents").as_array().size() == 1);
  CHECK(crm.at("incidents").at(0).at("says").at("en").as_string().find("response time") != std::string::npos);
  REQUIRE(crm.at("maintenance").as_array().size() == 1);
}

TEST_CASE("a form is made once for many strangers, and who has it gets 304") {
  const RunningCollector running{shown("public: {crms: [acme]}\n")};
  REQUIRE(running.write_latency("acme", 0.1) == 204);
  for (const char* form : kForms) {
    INFO(form);
    const net::ClientResponse first = running.get(form);
    REQUIRE(first.status == 200);
    const std::string etag{first.header("etag")};
    CHECK(etag.size() > 10);
    CHECK(first.header("cache-control").find("public, max-age=") == 0);
    // Whatever has been made anew meanwhile is asked for again.
    CHECK(eventually([&] {
      const std::string now{running.get(form).header("etag")};
      const net::ClientResponse again = ask(running, form, {{"If-None-Match", now}});
      return again.status == 304 && again.body.empty();
    }));
    // A text that merely holds it is another tag.
    CHECK(ask(running, form, {{"If-None-Match", "\"x" + etag.substr(1)}}).status == 200);
  }
}

TEST_CASE("the page is HTML with a language, a badge may stand on other sites, and the feed names its type") {
  CollectorFiles files = shown("public: {crms: [acme]}\n");
  files.auth = "required";
  const RunningCollector running{files};
  const net::ClientResponse chinese = ask(running, "/status", {{"Accept-Language", "zh-CN,zh;q=0.9"}});
  CHECK(chinese.header("content-type") == "text/html; charset=utf-8");
  CHECK(chinese.header("vary") == "Accept-Language");
  CHECK(chinese.body.find("<html lang=\"zh\">") != std::string::npos);
  CHECK(ask(running, "/status?lang=en", {{"Accept-Language", "zh"}}).body.find("<html lang=\"en\">") !=
        std::string::npos);
  const net::ClientResponse badge = ask(running, "/badge/acme.svg");
  CHECK(badge.header("content-type") == "image/svg+xml");
  CHECK(badge.header("cross-origin-resource-policy") == "cross-origin");
  CHECK(ask(running, "/status").header("cross-origin-resource-policy") == "same-origin");
  CHECK(ask(running, "/status.atom").header("content-type") == "application/atom+xml; charset=utf-8");
  CHECK(ask(running, "/api/v1/crms").status == 401);
}
