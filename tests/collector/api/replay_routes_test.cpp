// Every route of a collector that is still replaying a long journal.

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <map>

#include "collector/http/router.h"
#include "store/collector/collector_store.h"
#include "store/history/history.h"
#include "tests/collector/collector_fixture.h"
#include "wire/remote_write.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

/// Records behind the last snapshot, each with samples of its own for a hundred CRMs; the history has them, as it has
/// in a collector that ran on without snapshots.
void append_records(const RunningCollector& stopped, int records) {
  store::Database database = store::open_collector(stopped.directory().path("state")).value();
  std::vector<Sample> samples;
  for (int i = 0; i < 2000; ++i)
    samples.push_back(sample("crm_operation_duration_seconds", fmt::format("crm-{}", i % 100), 0.2, stopped.now(),
                             {{"operation", fmt::format("op-{}", i)}}));
  database.execute("BEGIN").value();
  for (int i = 0; i < records; ++i) {
    for (Sample& one : samples) one.at += Duration{1};
    store::JournalRecord record;
    record.received = stopped.now();
    record.body = wire::encode(samples);
    REQUIRE(store::append(database, record).has_value());
  }
  const std::int64_t last = store::last_seq(database).value();
  store::finish_blocks(database, last).value();
  database.execute("COMMIT").value();
}

/// Orders are refused until the replay is done; /metrics is kept for a second and would say it late.
bool recovers(const RunningCollector& running) {
  return send({"POST", running.base() + "/api/v1/incidents/none/ack", {{"Content-Type", "application/json"}}, "{}"})
             .status == 503;
}

/// `/api/v1/crms/{crm}` → `/api/v1/crms/acme`
std::string address_of(const Route& route) {
  std::string out;
  for (std::size_t at = 0; at < route.path.size();) {
    if (route.path[at] != '{') {
      out += route.path[at++];
      continue;
    }
    const std::size_t end = route.path.find('}', at);
    out += route.path.substr(at + 1, end - at - 1) == "crm" ? "acme" : "none";
    at = end + 1;
  }
  return out;
}

Call call_for(const RunningCollector& running, const Route& route) {
  const std::string path = address_of(route);
  if (path == "/api/v1/write") {
    const std::vector<Sample> news{
        sample("crm_operation_duration_seconds", "acme", 5, running.now(), {{"operation", "read"}})};
    return write_call(running.base(), wire::encode(news));
  }
  Call call{route.method, running.base() + path, {}, ""};
  if (path == "/api/v1/stream") call.method = "HEAD";  // it has no end
  if (route.path == "/api/v1/reports/{crm}") call.url += "?period=2026-11";
  if (path.ends_with("/history")) call.url += "?metric=crm_operation_duration_seconds";
  if (path == "/api/v1/evidence") {
    call.body = fmt::format(
        R"({{"at":"{}","crm":"acme","kind":"tryton","agent":"a","operation":"read","stage":"request","reason":"timeout","text":"slow"}})",
        format_time(running.now()));
  } else if (route.method != "GET") {
    call.headers = {{"Content-Type", "application/json"}};
    call.body = "{}";
  }
  return call;
}

/// What a route answers: what it always does, but that nothing is ordered.
void check_answer(const Route& route, const net::ClientResponse& response) {
  INFO(route.method << " " << route.path << ": " << response.status << " " << response.body.substr(0, 200));
  const bool sends = route.path == "/api/v1/write" || route.path == "/api/v1/evidence";
  if (sends) {
    CHECK(response.status == 204);
    return;
  }
  if (route.path == "/api/v1/session" && route.method != "GET") {
    CHECK(response.status == (route.method == "POST" ? 400 : 204));  // people may come in to look
    return;
  }
  if (route.path == "/api/v1/join") {
    CHECK(response.status == 400);  // tokens need no replay
    return;
  }
  if (route.method != "GET") {
    CHECK(response.status == 503);
    CHECK_FALSE(response.header("retry-after").empty());
    return;
  }
  const bool names_nobody = route.path.find("{id}") != std::string::npos && route.path != "/incidents/{id}";
  const bool not_there = route.path == "/api/v1/ca" || route.path == "/assets/{file}" ||
                         route.path.starts_with("/badge/") ||
                         route.path.starts_with("/status");  // nothing is public here
  CHECK(response.status == (names_nobody || not_there ? 404 : 200));
}

}  // namespace

TEST_CASE("every route answers while a long journal is replayed, and what was sent meanwhile is judged after it",
          "[slow]") {
  RunningCollector running;
  bool to_the_end = false;
  // As long as this machine needs to be asked everything meanwhile, however fast it is.
  for (int records = 200; !to_the_end && records <= 25'600; records *= 2) {
    // Asked after the replay, one of the routes forgets it.
    REQUIRE(running.write_latency("acme", 0.2) == 204);
    running.tick();
    running.stop();
    append_records(running, records);
    running.start();
    if (!recovers(running)) continue;
    std::vector<std::pair<const Route*, net::ClientResponse>> answers;
    for (const Route& route : running.collector().routes())
      answers.emplace_back(&route, send(call_for(running, route)));
    to_the_end = recovers(running);
    if (!to_the_end) continue;
    for (const auto& [route, response] : answers) check_answer(*route, response);
  }
  REQUIRE(to_the_end);
  REQUIRE(eventually([&] { return !recovers(running); }, std::chrono::minutes{5}));
  CHECK(running.get_json("/api/v1/crms/acme").at("evidence").as_array().size() > 0);
  const auto shows_the_news = [&] {
    return running.get("/metrics")
               .body.find(
                   R"(crm_operation_duration_seconds{agent="branch-1",crm="acme",kind="tryton",operation="read"} 5)") !=
           std::string::npos;
  };
  CHECK(eventually(shows_the_news));
}
