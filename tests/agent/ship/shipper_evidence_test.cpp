#include "agent/ship/shipper.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <numeric>

#include "store/spool/spool.h"
#include "tests/agent/ship/shipper_fixture.h"
#include "tests/agent/support.h"
#include "wire/collector_mark.h"
#include "wire/evidence.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace crmpulse::agent::test;

TEST_CASE("evidence is there before the samples it explains") {
  const TempDir folder;
  auto spool = open_spool(folder);
  spool->push({{"crm_up", {{"crm", "acme"}}, 0, kStart}}, {evidence("connection refused")});
  spool->flush().value();
  Sink sink;
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(sink.url())};
  REQUIRE(eventually([&] { return empty(*spool); }));
  REQUIRE(sink.received().size() == 2);
  CHECK(sink.received()[0].path == kEvidence);
  CHECK(sink.received()[0].evidence == std::vector{evidence("connection refused")});
  CHECK(sink.received()[1].path == kWrite);
  CHECK(sink.received()[0].headers.at("x-crm-batch-seq") == sink.received()[1].headers.at("x-crm-batch-seq"));
}

TEST_CASE("a plain remote-write receiver gets the samples without the evidence") {
  const int status = GENERATE(404, 405, 501);
  const TempDir folder;
  auto spool = open_spool(folder);
  spool->push({{"m", {}, 1, kStart}}, {evidence("one"), evidence("two")});
  spool->flush().value();
  Sink sink;
  sink.script(kEvidence, {{status, {}, ""}});
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(sink.url())};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(sink.accepted("m") == counted(1, 1));
  CHECK(sink.received().size() == 2);
  CHECK(shipper.stats().dropped_evidence == 2);
  CHECK(shipper.stats().dropped_samples == 0);
}

TEST_CASE("a line the collector leaves out is counted, and its evidence goes on") {
  const TempDir folder;
  auto spool = open_spool(folder);
  spool->push({{"m", {}, 1, kStart}}, {evidence("one"), evidence("two"), evidence("three")});
  Sink sink;
  sink.mark(true);
  sink.script(kEvidence,
              {{204, {{std::string{wire::kCollectorMark}, "1"}, {std::string{wire::kLinesLeftOut}, "1"}}, ""}});
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(sink.url())};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(shipper.stats().dropped_evidence == 1);
  CHECK(shipper.stats().failed_requests == 0);
  spool->push({{"m", {}, 2, kStart}}, {evidence("four")});
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(sink.accepted("m") == counted(1, 2));
  CHECK(shipper.stats().dropped_evidence == 1);
}

TEST_CASE("evidence that failed is sent again with its samples, evidence that arrived is not") {
  const TempDir folder;
  auto spool = open_spool(folder);
  spool->push({{"m", {}, 1, kStart}}, {evidence("one")});
  spool->flush().value();
  Sink sink;
  sink.script(kEvidence, {{503, {}, ""}});
  sink.script(kWrite, {{503, {}, ""}});
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(sink.url())};
  REQUIRE(eventually([&] { return empty(*spool); }));
  std::vector<std::string> order;
  for (const auto& request : sink.received()) order.push_back(fmt::format("{} {}", request.path, request.answered));
  CHECK(order == std::vector<std::string>{kEvidence + " 503", kEvidence + " 204", kWrite + " 503", kWrite + " 204"});
}

TEST_CASE("a receiver that always fails on evidence still gets the samples") {
  const TempDir folder;
  auto spool = open_spool(folder);
  spool->push({{"m", {}, 1, kStart}}, {evidence("one")});
  spool->flush().value();
  Sink sink;
  sink.script(kEvidence, std::vector<net::HttpResponse>(20, {500, {}, ""}));
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(sink.url())};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(sink.accepted("m") == counted(1, 1));
  CHECK(shipper.stats().dropped_evidence == 1);
}
