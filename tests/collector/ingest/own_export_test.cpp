// Metrics that the collector exports and a Prometheus sends back to it are not taken as new samples.

#include <catch2/catch.hpp>

#include "tests/collector/ingest/write_bodies.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

WrittenSeries scraped(WrittenSeries series, const LabelList& more = {}) {
  series.labels.emplace_back("instance", "collector:9460");
  series.labels.emplace_back("job", "crmpulse");
  series.labels.insert(series.labels.end(), more.begin(), more.end());
  return series;
}

WrittenSeries from_agent(WrittenSeries series) {
  series.labels.emplace_back("agent", "branch-1");
  return series;
}

}  // namespace

TEST_CASE("scraped copies of what was received are dropped and counted") {
  const RunningCollector running;
  CHECK(write_v1(running, {from_agent(up("acme", running.now())), up("beta", running.now())}).status == 204);
  const std::vector<WrittenSeries> copies{
      scraped(from_agent(up("acme", running.now(), 0))),
      scraped(up("beta", running.now(), 0)),
      scraped(up("beta", running.now(), 0), {{"cluster", "eu"}, {"prometheus_replica", "a"}}),
      scraped(from_agent(up("acme", running.now(), 0)), {{"cluster", "eu"}}),
  };
  for (int round = 1; round <= 2; ++round) {
    CHECK(write_v1(running, copies).status == 204);
    CHECK(skipped(running, "own_export") == 4 * round);
  }
  const net::ClientResponse second = write_v2(running, copies);
  CHECK(second.status == 204);
  CHECK(metric(running, "crmpulse_collector_series") == 2);
  CHECK(metric(running, R"(crm_up{crm="beta",kind="tryton"})") == 1);
}

TEST_CASE("what the collector judges and counts does not come back to it") {
  const RunningCollector running;
  const auto made = [&](const std::string& name) {
    return WrittenSeries{{{"__name__", name}, {"crm", "acme"}, {"kind", "tryton"}}, 1, running.now()};
  };
  CHECK(write_v1(running, {made("crm_health_level"), made("crm_operation_latency_seconds_bucket"),
                           made("crm_availability_ratio"), made("crmpulse_collector_series")})
            .status == 204);
  CHECK(skipped(running, "own_export") == 4);
  CHECK(running.get_json("/api/v1/crms").at("crms").as_array().empty());
}

TEST_CASE("labels that a scrape renamed are known again") {
  const RunningCollector running;
  const WrittenSeries original{
      {{"__name__", "crm_queue"}, {"crm", "acme"}, {"instance", "erp:1"}, {"job", "erp"}}, 3, running.now()};
  CHECK(write_v1(running, {original}).status == 204);
  const WrittenSeries before{{{"__name__", "crm_queue"}, {"crm", "acme"}}, 3, running.now()};
  CHECK(write_v1(running, {before}).status == 204);
  const WrittenSeries copy{{{"__name__", "crm_queue"},
                            {"crm", "acme"},
                            {"exported_instance", "erp:1"},
                            {"exported_job", "erp"},
                            {"instance", "collector:9460"},
                            {"job", "crmpulse"}},
                           3,
                           running.now()};
  CHECK(write_v1(running, {copy}).status == 204);
  CHECK(skipped(running, "own_export") == 1);
}

TEST_CASE("what a Prometheus scraped elsewhere is taken, and so is what an agent labels so") {
  const RunningCollector running;
  CHECK(write_v1(running, {up("acme", running.now())}).status == 204);
  CHECK(write_v1(running, {scraped(up("other", running.now()))}).status == 204);
  CHECK(metric(running, R"(crm_up{crm="other",instance="collector:9460",job="crmpulse",kind="tryton"})") == 1);
  Call call = write_call(running.base(), compress(v1_bytes({scraped(from_agent(up("third", running.now())))})));
  call.headers.emplace_back("X-Crm-Agent", "branch-1");
  CHECK(send(call).status == 204);
  CHECK(skipped(running, "own_export") == 0);
  CHECK(metric(running, "crmpulse_collector_series") == 3);
}
