#include "agent/shipper.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <numeric>

#include "store/spool.h"
#include "tests/agent/support.h"

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace crmpulse::agent::test;

namespace {

const TimePoint kStart = parse_time("2026-11-21T09:00:00Z").value();

std::unique_ptr<store::Spool> open_spool(const TempDir& folder) {
  store::Spool::Options options;
  options.flush_interval = Duration{1};
  return std::move(store::Spool::open(folder.path(), options).value());
}

/// Rows of `per_row` samples m = first, first + 1, …
void fill(store::Spool& spool, int first, int rows, int per_row = 1) {
  for (int row = 0; row < rows; ++row) {
    std::vector<Sample> samples;
    for (int i = 0; i < per_row; ++i) {
      const int value = first + row * per_row + i;
      samples.push_back({"m", {{"crm", "acme"}}, static_cast<double>(value), kStart + Duration{value * 1000}});
    }
    spool.push(std::move(samples), {});
  }
  spool.flush().value();
}

Evidence evidence(std::string text) {
  Evidence out;
  out.at = kStart;
  out.crm = "acme";
  out.kind = "mini";
  out.agent = "a";
  out.stage = "connect";
  out.reason = "refused";
  out.text = std::move(text);
  return out;
}

Shipper::Options quick(const std::string& url) {
  Shipper::Options options;
  options.agent = "branch-1";
  options.url = url;
  options.timeout = Duration{5000};
  options.gather = Duration{2};
  options.backoff_base = Duration{1};
  options.backoff_cap = Duration{5};
  return options;
}

std::vector<double> counted(int from, int to) {
  std::vector<double> out(static_cast<std::size_t>(to - from + 1));
  std::iota(out.begin(), out.end(), from);
  return out;
}

bool empty(const store::Spool& spool) {
  return spool.stats().rows == 0;
}

const std::string kWrite = "/api/v1/write";
const std::string kEvidence = "/api/v1/evidence";

}  // namespace

TEST_CASE("a batch carries remote write's headers, ours and the token") {
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 1);
  Sink sink;
  net::HttpClient client;
  auto options = quick(sink.url());
  options.token = Secret{"t0ken"};
  Shipper shipper{*spool, client, options};
  REQUIRE(eventually([&] { return empty(*spool); }));
  REQUIRE(sink.received().size() == 1);
  auto headers = sink.received()[0].headers;
  CHECK(headers["content-encoding"] == "snappy");
  CHECK(headers["content-type"] == "application/x-protobuf");
  CHECK(headers["x-prometheus-remote-write-version"] == "0.1.0");
  CHECK_FALSE(headers["user-agent"].empty());
  CHECK(headers["x-crm-agent"] == "branch-1");
  CHECK(std::stoull(headers["x-crm-batch-seq"]) > 0);
  CHECK(std::stoll(headers["x-crm-time"]) > 1'600'000'000'000);
  CHECK(headers["authorization"] == "Bearer t0ken");
}

TEST_CASE("samples arrive oldest first, in batches of at most the bound") {
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 10, 3);
  Sink sink;
  net::HttpClient client;
  auto options = quick(sink.url());
  options.batch_samples = 7;
  Shipper shipper{*spool, client, options};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(sink.accepted("m") == counted(1, 30));
  std::uint64_t last = 0;
  for (const auto& request : sink.received()) {
    CHECK(request.samples.size() <= 7);
    const auto seq = std::stoull(request.headers.at("x-crm-batch-seq"));
    CHECK(seq > last);
    last = seq;
  }
  CHECK(shipper.stats().sent_samples == 30);
}

TEST_CASE("what can pass is tried again until it is taken, in order") {
  const int status = GENERATE(500, 502, 503, 429, 408, 401, 403, 404, 302);
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 4);
  Sink sink;
  sink.script(kWrite, {{status, {}, "not now"}, {status, {}, "not now"}});
  net::HttpClient client;
  auto options = quick(sink.url());
  options.batch_samples = 2;
  Shipper shipper{*spool, client, options};
  REQUIRE(eventually([&] { return empty(*spool); }));
  INFO(status);
  CHECK(sink.accepted("m") == counted(1, 4));
  CHECK(sink.received().size() == 4);
  CHECK(shipper.stats().failed_requests == 2);
  CHECK(shipper.stats().dropped_samples == 0);
  CHECK(shipper.stats().reachable);
}

TEST_CASE("a redirect is not followed: neither token nor samples go anywhere but to the configured address") {
  const int status = GENERATE(301, 302, 303, 307, 308);
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 2);
  Sink elsewhere;
  Sink sink;
  sink.script(kWrite, {{status, {{"Location", elsewhere.url()}}, ""}});
  net::HttpClient client;
  auto options = quick(sink.url());
  options.token = Secret{"t0ken"};
  Shipper shipper{*spool, client, options};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(elsewhere.received().empty());
  CHECK(sink.accepted("m") == counted(1, 2));
}

TEST_CASE("Retry-After is obeyed") {
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 1);
  Sink sink;
  sink.script(kWrite, {{503, {{"Retry-After", "1"}}, ""}});
  net::HttpClient client;
  const auto before = std::chrono::steady_clock::now();
  Shipper shipper{*spool, client, quick(sink.url())};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(std::chrono::steady_clock::now() - before >= std::chrono::milliseconds{1000});
  CHECK(sink.received().size() == 2);
}

TEST_CASE("a collector that is away gets everything when it is back") {
  const TempDir folder;
  auto spool = open_spool(folder);
  unsigned short port = 0;
  {
    const Sink gone;
    port = gone.port();
  }
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(fmt::format("http://127.0.0.1:{}{}", port, kWrite))};
  fill(*spool, 1, 5);
  REQUIRE(eventually([&] { return shipper.stats().failed_requests > 2; }));
  CHECK_FALSE(shipper.stats().reachable);
  CHECK(spool->stats().rows == 5);
  const Sink sink{port};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(sink.accepted("m") == counted(1, 5));
  CHECK(shipper.stats().reachable);
}

TEST_CASE("a batch that is too large is halved until it fits, and nothing is lost") {
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 16);
  Sink sink;
  sink.script(kWrite, {{413, {}, ""}, {413, {}, ""}});
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(sink.url())};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(sink.accepted("m") == counted(1, 16));
  CHECK(sink.received()[0].samples.size() == 16);
  CHECK(sink.received()[1].samples.size() == 8);
  CHECK(sink.received()[2].samples.size() == 4);
  CHECK(shipper.stats().dropped_samples == 0);
}

TEST_CASE("one measurement's outcome that is too large for the receiver is dropped, the rest goes on") {
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 1, 8);
  Sink sink;
  sink.script(kWrite, {{413, {}, ""}, {413, {}, ""}});
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(sink.url())};
  REQUIRE(eventually([&] { return empty(*spool); }));
  fill(*spool, 9, 1);
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(sink.accepted("m") == counted(9, 9));
  CHECK(shipper.stats().dropped_samples == 8);
}

TEST_CASE("what the receiver refuses for good is dropped and counted, not sent again") {
  const int status = GENERATE(400, 409, 415, 422);
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 4);
  Sink sink;
  sink.script(kWrite, {{status, {}, "out of order sample"}});
  net::HttpClient client;
  auto options = quick(sink.url());
  options.batch_samples = 2;
  Shipper shipper{*spool, client, options};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(sink.accepted("m") == counted(3, 4));
  CHECK(sink.received().size() == 2);
  CHECK(shipper.stats().dropped_samples == 2);
  CHECK(shipper.stats().failed_requests == 0);
}

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

TEST_CASE("what was not acknowledged is sent again by the next process, what was is not") {
  const TempDir folder;
  Sink sink;
  {
    auto spool = open_spool(folder);
    fill(*spool, 1, 4);
    sink.script(kWrite, {{204, {}, ""}, {503, {{"Retry-After", "600"}}, ""}});
    net::HttpClient client;
    auto options = quick(sink.url());
    options.batch_samples = 2;
    Shipper shipper{*spool, client, options};
    REQUIRE(eventually([&] { return shipper.stats().failed_requests == 1; }));
  }
  CHECK(sink.accepted("m") == counted(1, 2));
  auto spool = open_spool(folder);
  CHECK(spool->stats().rows == 2);
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(sink.url())};
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(sink.accepted("m") == counted(1, 4));
}

TEST_CASE("a new address ends the wait for the old one") {
  const TempDir folder;
  auto spool = open_spool(folder);
  fill(*spool, 1, 1);
  Sink busy;
  busy.script(kWrite, {{503, {{"Retry-After", "600"}}, ""}});
  net::HttpClient client;
  Shipper shipper{*spool, client, quick(busy.url())};
  REQUIRE(eventually([&] { return shipper.stats().failed_requests == 1; }));
  const Sink other;
  shipper.configure(quick(other.url()));
  REQUIRE(eventually([&] { return empty(*spool); }));
  CHECK(other.accepted("m") == counted(1, 1));
}
