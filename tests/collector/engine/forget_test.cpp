// CRMs that leave: forgotten by an operator, or named by no agent any more.

#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "collector/forget_requests.h"
#include "collector/http/audit.h"
#include "collector/http/tokens.h"
#include "collector/message/stored.h"
#include "tests/collector/collector_fixture.h"
#include "tests/collector/core_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

namespace json = boost::json;

const TimePoint kStart = parse_time("2026-11-21T09:00:00Z").value();

CollectorFiles told(const Sink& sink) {
  CollectorFiles files;
  files.receivers = fmt::format("  - {{name: oncall, type: webhook, url: \"{}\"}}\n", sink.url());
  return files;
}

std::vector<std::string> heard(const Sink& sink) {
  std::vector<std::string> all;
  for (const net::HttpRequest& request : sink.requests()) {
    const json::value body = json::parse(request.body);
    const json::object& object = body.as_object();
    all.push_back(std::string{body.at("type").as_string()} +
                  (object.contains("reason") ? " " + std::string{body.at("reason").as_string()} : ""));
  }
  return all;
}

}  // namespace

TEST_CASE("an operator forgets a CRM that is poor: receivers hear that it is removed, and nothing of it is left") {
  Sink sink;
  RunningCollector running{told(sink)};
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(running.write_latency("beta", 0.2) == 204);
  REQUIRE(eventually([&] { return heard(sink) == std::vector<std::string>{"incident.opened"}; }));
  CHECK(send({"DELETE", running.base() + "/api/v1/crms/nobody", {}, ""}).status == 404);
  CHECK(send({"DELETE", running.base() + "/api/v1/crms/acme", {}, ""}).status == 204);
  REQUIRE(eventually([&] { return heard(sink).size() == 2; }));
  CHECK(heard(sink).back() == "incident.resolved removed");
  CHECK(running.get("/api/v1/crms/acme").status == 404);
  CHECK(running.get("/api/v1/crms/beta").status == 200);
  CHECK(running.get("/metrics").body.find("crm=\"acme\"") == std::string::npos);
  CHECK(running.get("/plain").body.find("acme") == std::string::npos);
  CHECK(running.get_json("/api/v1/incidents?state=open").at("incidents").as_array().empty());
  // Not after a restart either.
  running.stop();
  running.start();
  CHECK(running.get("/api/v1/crms/acme").status == 404);
  // With its next sample it begins anew, and its messages go on with higher numbers.
  REQUIRE(running.write_latency("acme", 5) == 204);
  CHECK(eventually([&] { return heard(sink).size() == 3; }));
}

TEST_CASE("a crash right after a CRM was forgotten does not bring it back from the journal") {
  const TempDir directory;
  ManualClock clock{kStart};
  auto core = std::make_unique<Core>(directory, clock);
  core->latency(0.2, 5);
  core->latency(5, 5);
  std::atomic<bool> stored{false};
  core->thread().run(
      [&] { CHECK(core->engine().forget("acme", [&](const Result<void>& result) { stored = result.has_value(); })); });
  REQUIRE(eventually([&] { return stored.load(); }));
  core.reset();
  core = std::make_unique<Core>(directory, clock);
  CHECK_FALSE(core->engine().rules().watches("acme"));
  const auto rows = core->outbox();
  REQUIRE(rows.size() == 2);
  for (const store::OutboxRow& row : rows) CHECK((row.event == Event::opened || row.event == Event::resolved));
}

TEST_CASE("only operators forget, and who did is written down", "[slow]") {
  CollectorFiles files;
  files.auth = "required";
  RunningCollector running{files};
  const std::string state = running.directory().path("state");
  running.stop();
  const std::string viewer = create_token(state, "reader", AccessRole::viewer).value();
  const std::string op = create_token(state, "ana", AccessRole::operator_).value();
  const std::string ingest = create_token(state, "branch", AccessRole::ingest).value();
  running.start();
  const auto with = [](Call call, const std::string& token) {
    call.headers.emplace_back("Authorization", "Bearer " + token);
    return call;
  };
  const Call write = write_call(running.base(), wire::encode(std::vector{sample("crm_up", "acme", 1, running.now())}));
  REQUIRE(send(with(write, ingest)).status == 204);
  const Call forget{"DELETE", running.base() + "/api/v1/crms/acme", {}, ""};
  CHECK(send(with(forget, viewer)).status == 403);
  CHECK(send(with(forget, ingest)).status == 403);
  CHECK(send(with(forget, op)).status == 204);
  // At the command line it is whoever asked, once it is done, and also when there was nothing to forget.
  REQUIRE(send(with(write, ingest)).status == 204);
  for (const char* crm : {"acme", "nobody"}) {
    const std::string file = ask_to_forget(state, crm, "user root for eve").value();
    REQUIRE(eventually([&] { return !std::filesystem::exists(file); }));
  }
  using Line = std::array<std::string, 4>;
  const auto audited = [&] {
    std::set<Line> lines;
    const auto newest = newest_audit(state, 100);
    REQUIRE(newest.has_value());
    for (const json::value& line : *newest) {
      Line fields;
      std::size_t at = 0;
      for (const char* field : {"who", "action", "about", "result"})
        fields.at(at++) = std::string{line.at(field).as_string()};
      if (fields[1].starts_with("DELETE") || fields[1] == "forget") lines.insert(fields);
    }
    return lines;
  };
  const std::set<Line> expected{{"ana", "DELETE /api/v1/crms/acme", "", "204"},
                                {"user root for eve", "forget", "acme", "done"},
                                {"user root for eve", "forget", "nobody", "not watched"}};
  CHECK(eventually([&] {
    const auto lines = audited();
    return std::includes(lines.begin(), lines.end(), expected.begin(), expected.end());
  }));
}

TEST_CASE("what the command line asks for is done by the collector that runs, and only once", "[slow]") {
  Sink sink;
  RunningCollector running{told(sink)};
  const std::string state = running.directory().path("state");
  REQUIRE(running.write_latency("acme café", 5) == 204);
  REQUIRE(eventually([&] { return heard(sink).size() == 1; }));
  const std::string file = ask_to_forget(state, "acme café", "root").value();
  CHECK(eventually([&] { return !std::filesystem::exists(file); }));
  CHECK(eventually([&] { return heard(sink).size() == 2; }));
  CHECK(heard(sink).back() == "incident.resolved removed");
  // An unknown name and a file that is not ours are put away.
  const std::string unknown = ask_to_forget(state, "nobody", "root").value();
  const std::string rubbish = running.directory().write("state/forget-x.json", "{]");
  CHECK(eventually([&] { return !std::filesystem::exists(unknown) && !std::filesystem::exists(rubbish); }));
  CHECK(forget_requests(state).empty());
}

TEST_CASE("case 109: a CRM that its agent names no more leaves, with its facts and its metrics") {
  const TempDir directory;
  ManualClock clock{kStart};
  Core core{directory, clock};
  const auto agent = [](Sample made) {
    made.labels.set("agent", "branch-1");
    return made;
  };
  const auto round = [&](bool with_acme, Duration after) {
    clock.advance(after);
    std::vector<Sample> samples;
    Sample beat{"crm_agent_heartbeat_timestamp_seconds", {{"agent", "branch-1"}}, 1, clock.now()};
    samples.push_back(beat);
    beat.metric = "crm_agent_crms";
    samples.push_back(beat);
    for (const char* crm : {"acme", "beta"}) {
      if (crm == std::string_view{"acme"} && !with_acme) continue;
      samples.push_back(agent(sample("crm_agent_target_info", crm, 1, clock.now(), {{"transport", "sql"}})));
      samples.push_back(agent(sample("crm_operation_duration_seconds", crm, 5, clock.now(), {{"operation", "read"}})));
    }
    core.write(samples);
    core.tick();
  };
  const auto watched = [&](const std::string& crm) {
    bool known = false;
    core.thread().run([&] { known = core.engine().rules().watches(crm); });
    return known;
  };
  for (int i = 0; i < 20; ++i) round(true, kSecond);
  core.settle();
  const std::size_t before = core.outbox().size();
  for (int i = 0; i < 4 * 12; ++i) round(false, 15 * kSecond);
  core.settle();
  CHECK_FALSE(watched("acme"));
  CHECK(watched("beta"));
  const auto rows = core.outbox();
  CHECK(rows.size() == before + 1);
  CHECK(std::count_if(rows.begin(), rows.end(), [](const store::OutboxRow& row) {
          return row.event == Event::resolved && row.dedup_key == "crm/acme" && read_message(row).reason == "removed";
        }) == 1);
  CHECK(core.engine().stats().removed_crms == 1);
}
