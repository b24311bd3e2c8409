// Reports over HTTP, and from the command beside a running collector.

#include "collector/report/desk.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "collector/openapi/schemas.h"
#include "core/time/hours.h"
#include "tests/collector/collector_fixture.h"
#include "tests/collector/report/stored_month.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

Ran run(const TempDir& directory, const std::string& arguments) {
  const auto read = [](const std::string& file) {
    std::ostringstream text;
    text << std::ifstream{file}.rdbuf();
    return text.str();
  };
  const std::string out = directory.path("stdout");
  const std::string err = directory.path("stderr");
  const std::string program = CRMPULSE_BINARY_DIR "/bin/crmpulse-collector";
  const int status = std::system(fmt::format("{} {} >{} 2>{} </dev/null", program, arguments, out, err).c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(out), read(err)};
}

/// The dates of yesterday and today, UTC: whatever the clock, what was just written lies in them.
std::string two_days() {
  const auto today = std::chrono::floor<std::chrono::days>(wall_now());
  return fmt::format("{}..{}", date_text(today - std::chrono::days{1}), date_text(today));
}

}  // namespace

TEST_CASE("a report is asked for over HTTP in each form, with a policy of its own for the page") {
  const RunningCollector running;
  REQUIRE(running.write_latency("acme", 0.2) == 204);
  REQUIRE(eventually([&] { return running.get("/api/v1/crms/acme").status == 200; }));
  const std::string address = "/api/v1/reports/acme?period=" + two_days();
  const net::ClientResponse json = running.get(address);
  REQUIRE(json.status == 200);
  const boost::json::value report = boost::json::parse(json.body);
  CHECK(report.at("crm").as_string() == "acme");
  CHECK(report.at("under_way").as_bool());
  CHECK(report.at("kind").as_string() == "tryton");
  const net::ClientResponse page = running.get(address + "&format=html&lang=zh");
  CHECK(page.header("content-type").starts_with("text/html"));
  CHECK(page.header("content-security-policy") == report::html_policy());
  CHECK(page.header("x-frame-options") == "SAMEORIGIN");
  CHECK(page.body.find("lang=\"zh-CN\"") != std::string::npos);
  const net::ClientResponse table = running.get(address + "&format=csv");
  CHECK(table.header("content-type").starts_with("text/csv"));
  CHECK(table.header("content-disposition").find("crmpulse-acme-") != std::string::npos);
  const net::ClientResponse last_month = running.get("/api/v1/reports/acme");
  CHECK(boost::json::parse(last_month.body).at("period").at("kind").as_string() == "month");
}

TEST_CASE("a report of no CRM, no period or no format is refused with the field that is wrong") {
  const RunningCollector running;
  REQUIRE(running.write_latency("acme", 0.2) == 204);
  REQUIRE(eventually([&] { return running.get("/api/v1/crms/acme").status == 200; }));
  CHECK(running.get("/api/v1/reports/nobody?period=2026-10").status == 404);
  for (const auto& [query, field] :
       {std::pair{"period=october", "period"}, std::pair{"period=2098", "period"}, std::pair{"compare=x", "compare"},
        std::pair{"format=pdf", "format"}, std::pair{"lang=de", "lang"}}) {
    INFO(query);
    const net::ClientResponse refused = running.get(fmt::format("/api/v1/reports/acme?{}", query));
    CHECK(refused.status == 400);
    CHECK(boost::json::parse(refused.body).at("error").at("field").as_string() == field);
  }
}

TEST_CASE("reports are made beside the loop, few at a time") {
  RunningCollector running;
  REQUIRE(running.write_latency("acme", 0.2) == 204);
  REQUIRE(eventually([&] { return running.get("/api/v1/crms/acme").status == 200; }));
  int ended = 0;
  int refused = 0;
  std::string errors;
  running.thread().run([&] {
    auto& desk = running.collector().reports();
    auto request = report::request_from({"acme", two_days(), ""}, wall_now(), {});
    request->known = true;  // to the engine; the store may learn of it a moment later
    for (int i = 0; i < ReportDesk::kMostWaiting + 2; ++i) {
      const bool taken = desk.make(*request, [&](const Result<report::Report>& report) {
        ++ended;
        if (!report) errors += report.error().message + "\n";
      });
      if (!taken) ++refused;
    }
  });
  CHECK(refused == 2);
  CHECK(eventually([&] {
    int now = 0;
    running.thread().run([&] { now = ended; });
    return now == ReportDesk::kMostWaiting;
  }));
  CHECK(errors.empty());
}

TEST_CASE("the JSON has the members that its schema describes") {
  StoredMonth month;
  month.add_checks();
  month.add_incidents();
  const auto loaded = load_configuration(
      month.config("goals: [{crm: acme, metric: crm_csat_ratio, target: 90%, by: 2026-12-31, owner: service}]\n"));
  const auto asked = report::request_from({"acme", "2026-10", ""}, at("11-02T09:00"), prague());
  const boost::json::object report = report::json(report::make_report(**loaded, *asked).value());
  const boost::json::object schemas = openapi_schemas();
  const auto check = [&](const boost::json::object& object, const char* schema) {
    INFO(schema);
    const boost::json::object& properties = schemas.at(schema).at("properties").as_object();
    for (const auto& member : object) {
      INFO(std::string{member.key()});
      CHECK(properties.contains(member.key()));
    }
    CHECK(object.size() == properties.size());
  };
  check(report, "Report");
  check(report.at("period").as_object(), "ReportPeriod");
  check(report.at("states").as_object(), "ReportStates");
  check(report.at("figures").at(0).as_object(), "ReportFigure");
  check(report.at("goals").at(0).as_object(), "ReportGoal");
  check(report.at("incidents").at(0).as_object(), "ReportIncident");
  CHECK(report.at("period").at("from").as_string() == "2026-09-30T22:00:00Z");
  CHECK(report.at("period").at("to").as_string() == "2026-10-31T23:00:00Z");
}

TEST_CASE("the command writes the report of a store that another process has open", "[slow]") {
  StoredMonth month;
  month.add_checks();
  month.add_incidents();
  const std::string base = "report --config " + month.config() + " --crm acme --period 2026-10 ";
  const Ran table = run(month.directory(), base + "--format csv");
  INFO(table.err);
  REQUIRE(table.code == 0);
  CHECK(table.err.empty());
  CHECK(table.out.find("2026-10,acme,health,poor_seconds,12600,seconds,,") != std::string::npos);
  const Ran page = run(month.directory(), base + "--language zh");
  CHECK(page.code == 0);
  CHECK(page.out.find("评估报告") != std::string::npos);
  const Ran beside = run(month.directory(), base + "--compare 2026-09 --format json");
  CHECK(boost::json::parse(beside.out).at("previous").at("id").as_string() == "2026-09");
}

TEST_CASE("the command refuses what is not a report with a reason", "[slow]") {
  const StoredMonth month;
  const std::string base = "report --config " + month.config() + " ";
  for (const auto& [arguments, code, why] :
       {std::tuple{"--crm acme", 2, "--period"}, std::tuple{"--crm acme --period october", 2, "--period: a period is"},
        std::tuple{"--crm acme --period 2026-10 --format pdf", 2, "--format: html, csv or json"},
        std::tuple{"--crm acme --period 2026-10 --language de", 2, "--language: en or zh"},
        std::tuple{"--crm nobody --period 2026-10", 1, "there is no CRM 'nobody'"}}) {
    INFO(arguments);
    const Ran ran = run(month.directory(), base + arguments);
    CHECK(ran.code == code);
    CHECK(ran.err.find(why) != std::string::npos);
    CHECK(ran.out.empty());
  }
}
