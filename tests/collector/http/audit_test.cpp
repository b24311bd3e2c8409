#include "collector/http/audit.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "collector/http/audit_refusals.h"
#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

AuditEntry entry(const std::string& about) {
  return {from_unix_millis(1'800'000'000'000), "ana", "192.0.2.1", "POST /api/v1/silences", about, "201"};
}

std::string text(const boost::json::value& value, std::string_view key) {
  return std::string{value.at(key).as_string()};
}

}  // namespace

TEST_CASE("the audit log keeps who, from where, what, when and the result, newest first") {
  const TempDir directory;
  REQUIRE(append_audit(directory.path(), entry("one")).has_value());
  REQUIRE(append_audit(directory.path(), entry("two\nlines\x01")).has_value());
  const auto found = newest_audit(directory.path(), 10);
  REQUIRE(found.has_value());
  REQUIRE(found->size() == 2);
  CHECK(text(found->at(1), "about") == "one");
  CHECK(text(found->at(1), "who") == "ana");
  CHECK(text(found->at(1), "from") == "192.0.2.1");
  CHECK(text(found->at(1), "action") == "POST /api/v1/silences");
  CHECK(text(found->at(1), "result") == "201");
  CHECK(parse_time(text(found->at(1), "at")).value() == from_unix_millis(1'800'000'000'000));
  CHECK(newest_audit(directory.path(), 1)->size() == 1);
  struct stat file{};
  REQUIRE(::stat(directory.path("audit.jsonl").c_str(), &file) == 0);
  CHECK((file.st_mode & 0777) == 0600);
}

TEST_CASE("the audit log is bounded, also when several write to it") {
  const TempDir directory;
  constexpr std::size_t kSmall = 2000;
  std::vector<std::thread> writers;
  writers.reserve(4);
  std::atomic<int> failed{0};
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&directory, &failed, writer] {
      for (int i = 0; i < 50; ++i) {
        if (!append_audit(directory.path(), entry(fmt::format("{}-{}", writer, i)), kSmall)) ++failed;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  CHECK(failed == 0);
  CHECK(std::filesystem::file_size(directory.path("audit.jsonl")) <= kSmall);
  CHECK(std::filesystem::file_size(directory.path("audit.1.jsonl")) <= kSmall);
  const auto found = newest_audit(directory.path(), 1000);
  REQUIRE(found.has_value());
  CHECK(found->size() >= 10);
}

TEST_CASE("a folder that cannot be written is an error, and damaged lines are left out") {
  CHECK(append_audit("/nowhere/at/all", entry("x")).has_error());
  const TempDir directory;
  directory.write("audit.jsonl", "{\"at\":\n[]\n");
  REQUIRE(append_audit(directory.path(), entry("one")).has_value());
  CHECK(newest_audit(directory.path(), 10)->size() == 1);
}

TEST_CASE("what operators and admins did is in the audit log, with the token's name beside what was typed") {
  RunningCollector running{{"", "", "required"}};
  const std::string state = running.directory().path("state");
  const std::string ana = create_token(state, "ana", AccessRole::operator_).value();
  const std::string root = create_token(state, "root", AccessRole::admin).value();
  const auto call = [&](const std::string& method, const std::string& path, const std::string& token,
                        const std::string& body = "") {
    return send({method,
                 running.base() + path,
                 {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}},
                 body});
  };
  REQUIRE(eventually([&] { return call("GET", "/api/v1/audit", root).status == 200; }));
  CHECK(call("GET", "/api/v1/audit", ana).status == 403);
  const std::string ends = format_time(running.now() + std::chrono::hours{1});
  const net::ClientResponse made =
      call("POST", "/api/v1/silences", ana,
           fmt::format(R"({{"matchers":{{"crm":"a"}},"ends_at":"{}","comment":"c","author":"the boss"}})", ends));
  REQUIRE(made.status == 201);
  const boost::json::value silence = boost::json::parse(made.body);
  CHECK(call("DELETE", "/api/v1/silences/" + text(silence, "id"), ana).status == 200);
  CHECK(call("POST", "/-/reload", root).status == 200);
  running.thread().run([&] { running.collector().reload_by_signal(); });

  REQUIRE(eventually([&] {
    return boost::json::parse(call("GET", "/api/v1/audit", root).body).at("entries").as_array().size() == 4;
  }));
  const boost::json::value audit = boost::json::parse(call("GET", "/api/v1/audit?limit=5", root).body);
  const boost::json::array& entries = audit.at("entries").as_array();
  const auto is = [&](std::size_t index, const char* who, const std::string& action, const char* result) {
    INFO(boost::json::serialize(entries.at(index)));
    CHECK(text(entries.at(index), "who") == who);
    CHECK(text(entries.at(index), "action") == action);
    CHECK(text(entries.at(index), "result") == result);
  };
  is(0, "signal", "reload", "done");
  is(1, "root", "POST /-/reload", "200");
  is(2, "ana", "DELETE /api/v1/silences/" + text(silence, "id"), "200");
  is(3, "ana", "POST /api/v1/silences", "201");
  CHECK(text(entries.at(3), "about") == text(silence, "id"));
  CHECK(text(entries.at(3), "from") == "127.0.0.1");
  // The name that was typed stands beside the token's, never instead.
  CHECK(text(entries.at(3), "author") == "the boss");
  CHECK_FALSE(entries.at(1).as_object().contains("author"));
  CHECK(call("GET", "/api/v1/audit?limit=0", root).status == 400);
}

TEST_CASE("refused requests are summed up, one line for each who was refused") {
  AuditRefusals refusals;
  AuditEntry refused = entry("");
  refused.result = "400";
  const TimePoint start = refused.at;
  for (int i = 0; i < 5000; ++i) {
    refused.at = start + std::chrono::milliseconds{i};
    refused.who = i % 2 == 0 ? "ana" : "bob";
    refusals.add(refused);
  }
  CHECK(refusals.total() == 5000);
  CHECK(refusals.take_due(start + AuditRefusals::kGathering - std::chrono::seconds{1}).empty());
  const auto lines = refusals.take_due(start + AuditRefusals::kGathering + std::chrono::seconds{1});
  REQUIRE(lines.size() == 2);
  CHECK(lines.at(0).who == "ana");
  CHECK(lines.at(0).action == "refused requests");
  CHECK_THAT(lines.at(0).about, Catch::StartsWith("2500 since ") && Catch::Contains("POST /api/v1/silences (400)"));
  CHECK(refusals.take_all().empty());
}

TEST_CASE("however many names are refused something, the audit log gets a bounded number of lines") {
  AuditRefusals refusals;
  AuditEntry refused = entry("");
  for (int i = 0; i < 10'000; ++i) {
    refused.who = fmt::format("token-{}", i);
    refusals.add(refused);
  }
  CHECK(refusals.take_all().size() == AuditRefusals::kMostNames + 1);
}

TEST_CASE("a thousand refused requests push nothing out of the audit log") {
  RunningCollector running{{"", "metrics: open\nlimits: {requests_per_token: 0}\n", "required"}};
  const std::string state = running.directory().path("state");
  const std::string ana = create_token(state, "ana", AccessRole::operator_).value();
  running.tick();
  for (int i = 0; i < 1000; ++i) {
    const Call wrong{"POST",
                     running.base() + "/api/v1/silences",
                     {{"Authorization", "Bearer " + ana}, {"Content-Type", "application/json"}},
                     "{}"};
    REQUIRE(send(wrong).status == 400);
  }
  CHECK_THAT(running.get("/metrics").body, Catch::Contains("crmpulse_collector_audit_refused_requests_total 1000"));
  running.stop();
  const auto found = newest_audit(state, 5000);
  REQUIRE(found.has_value());
  REQUIRE(found->size() == 1);
  CHECK(text(found->at(0), "who") == "ana");
  CHECK_THAT(text(found->at(0), "about"), Catch::StartsWith("1000 since "));
}
