// What comes in: accepted whole, refused whole, counted.

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/collector/ingest/write_bodies.h"
#include "wire/collector_mark.h"
#include "wire/evidence.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

/// One series `crm_up{crm="acme",kind="tryton"}` as remote write 2.0.
std::string v2_body(double value, TimePoint at) {
  std::string request;
  for (const std::string symbol : {"", "__name__", "crm_up", "crm", "acme", "kind", "tryton"})
    request += bytes_field(4, symbol);
  const std::string refs{"\x01\x02\x03\x04\x05\x06"};
  request += bytes_field(5, bytes_field(1, refs) + bytes_field(2, sample_message(value, at)));
  return compress(request);
}

Call v2_call(const RunningCollector& running, const std::string& body) {
  Call call = write_call(running.base(), body);
  call.headers[0].second = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
  call.headers[2].second = "2.0.0";
  return call;
}

std::string up_body(const RunningCollector& running, double value = 1, Duration ahead = Duration{}) {
  return wire::encode(std::vector{sample("crm_up", "acme", value, running.now() + ahead)});
}

}  // namespace

TEST_CASE("remote write 1.0 and 2.0 are stored and judged, 2.0 says how much was written") {
  const RunningCollector running;
  const net::ClientResponse first = send(write_call(running.base(), up_body(running)));
  CHECK(first.status == 204);
  CHECK(first.header("x-prometheus-remote-write-samples-written").empty());
  const net::ClientResponse second = send(v2_call(running, v2_body(1, running.now())));
  CHECK(second.status == 204);
  CHECK(second.header("x-prometheus-remote-write-samples-written") == "1");
  CHECK(second.header("x-prometheus-remote-write-histograms-written") == "0");
  CHECK(second.header("x-prometheus-remote-write-exemplars-written") == "0");
  CHECK(metric(running, "crmpulse_collector_journal_samples_total") == 2);
  CHECK(metric(running, R"(crm_up{crm="acme",kind="tryton"})") == 1);
}

TEST_CASE("wrong types and encodings are 415") {
  const RunningCollector running;
  const std::string body = up_body(running);
  struct Case {
    const char* type;
    const char* encoding;
    int status;
  };
  const auto cases = {Case{"application/x-protobuf", "snappy", 204},
                      Case{"application/x-protobuf;proto=prometheus.WriteRequest", "snappy", 204},
                      Case{"Application/X-Protobuf; proto=\"prometheus.WriteRequest\"", "Snappy", 204},
                      Case{"application/x-protobuf;proto=something.Else", "snappy", 415},
                      Case{"application/json", "snappy", 415},
                      Case{"", "snappy", 415},
                      Case{"application/x-protobuf", "gzip", 415},
                      Case{"application/x-protobuf", "", 415}};
  for (const Case& one : cases) {
    INFO(one.type << " / " << one.encoding);
    Call call = write_call(running.base(), body);
    call.headers = {{"Content-Type", one.type}};
    if (*one.encoding != '\0') call.headers.emplace_back("Content-Encoding", one.encoding);
    CHECK(send(call).status == one.status);
  }
  CHECK(metric(running, R"(crmpulse_collector_ingest_refusals_total{code="media_type"})") == 5);
}

TEST_CASE("malformed bodies are refused whole: nothing of them is judged, journalled or shown") {
  const RunningCollector running;
  const std::string good = bytes_field(1, bytes_field(1, bytes_field(1, "__name__") + bytes_field(2, "crm_up")) +
                                              bytes_field(1, bytes_field(1, "crm") + bytes_field(2, "ghost")) +
                                              bytes_field(2, sample_message(1, running.now())));
  REQUIRE(send(write_call(running.base(), compress(good))).status == 204);
  const double before = metric(running, "crmpulse_collector_journal_samples_total");
  for (const std::string& body : {std::string{"not snappy at all"}, std::string{}, compress("not protobuf"),
                                  compress(good + good.substr(0, good.size() - 3))}) {
    const net::ClientResponse response = send(write_call(running.base(), body));
    INFO(response.body);
    CHECK(response.status == 400);
    CHECK(boost::json::parse(response.body).at("error").as_object().contains("code"));
  }
  CHECK(metric(running, "crmpulse_collector_journal_samples_total") == before);
}

TEST_CASE("a body that claims more than may be held is 413, without holding it") {
  const RunningCollector running;
  std::string bomb = varint(33ULL * 1024 * 1024);
  bomb += std::string(2 * 1024 * 1024, 'x');
  CHECK(send(write_call(running.base(), bomb)).status == 413);
}

TEST_CASE("a failed 2.0 request says that nothing was written") {
  const RunningCollector running;
  const net::ClientResponse response = send(v2_call(running, "rubbish"));
  CHECK(response.status == 400);
  CHECK(response.header("x-prometheus-remote-write-samples-written") == "0");
}

TEST_CASE("not-a-number and infinity are counted and skipped, a stale marker takes the last value away") {
  const RunningCollector running;
  const double stale = [] {
    const std::uint64_t bits = 0x7ff0000000000002ULL;
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }();
  CHECK(send(write_call(running.base(), up_body(running, std::numeric_limits<double>::quiet_NaN()))).status == 204);
  CHECK(send(write_call(running.base(), up_body(running, std::numeric_limits<double>::infinity()))).status == 204);
  CHECK(metric(running, R"(crmpulse_collector_samples_total{fold="invalid"})") == 2);
  CHECK(send(write_call(running.base(), up_body(running, 1))).status == 204);
  CHECK(metric(running, R"(crm_up{agent="branch-1",crm="acme",kind="tryton"})") == 1);
  CHECK(send(write_call(running.base(), up_body(running, stale))).status == 204);
  CHECK(metric(running, R"(crm_up{agent="branch-1",crm="acme",kind="tryton"})") == -1);
}

TEST_CASE("samples more than five minutes ahead are refused and counted, the rest is kept") {
  const RunningCollector running;
  std::vector<Sample> samples{sample("crm_up", "acme", 1, running.now()),
                              sample("crm_records", "acme", 5, running.now() + std::chrono::minutes{6})};
  const net::ClientResponse response = send(write_call(running.base(), wire::encode(samples)));
  CHECK(response.status == 400);
  CHECK(metric(running, R"(crmpulse_collector_samples_total{fold="future"})") == 1);
  CHECK(metric(running, R"(crm_up{agent="branch-1",crm="acme",kind="tryton"})") == 1);
  CHECK(metric(running, R"(crm_records{agent="branch-1",crm="acme",kind="tryton"})") == -1);
}

TEST_CASE("an agent whose clock is wrong is corrected and flagged") {
  const RunningCollector running;
  const Duration wrong = std::chrono::hours{2};
  Call call = write_call(running.base(), wire::encode(std::vector{sample("crm_up", "acme", 1, running.now() + wrong)}));
  call.headers.emplace_back("X-Crm-Agent", "branch-1");
  call.headers.emplace_back("X-Crm-Time", format_time(running.now() + wrong));
  CHECK(send(call).status == 204);
  CHECK(metric(running, R"(crmpulse_collector_agent_clock_skew{agent="branch-1"})") == 1);
  CHECK(metric(running, R"(crm_up{agent="branch-1",crm="acme",kind="tryton"})") == 1);
}

TEST_CASE("the collector's own wall clock is set hours ahead or back: what others stamp by it is still now") {
  RunningCollector running;
  Duration off{};
  for (const Duration step : {Duration{std::chrono::hours{3}}, Duration{-std::chrono::hours{9}}}) {
    running.wall().step(step);
    off += step;
    const std::vector<Sample> samples{sample("crm_up", "acme", 1, running.now() + off)};
    CHECK(send(write_call(running.base(), wire::encode(samples))).status == 204);
    CHECK(metric(running, R"(crm_up{agent="branch-1",crm="acme",kind="tryton"})") == 1);
    CHECK(metric(running, R"(crmpulse_collector_samples_total{fold="future"})") <= 0);
    CHECK(metric(running, R"(crmpulse_collector_samples_total{fold="late"})") <= 0);
  }
}

TEST_CASE("a sample that comes again is the same sample, though two readings of the clocks differ by a millisecond") {
  RunningCollector running;
  const std::string body = wire::encode(
      std::vector{sample("crm_operation_duration_seconds", "acme", 0.2, running.now(), {{"operation", "read"}})});
  CHECK(send(write_call(running.base(), body)).status == 204);
  running.wall().step(Duration{-1});
  CHECK(send(write_call(running.base(), body)).status == 204);
  CHECK(metric(running, R"(crmpulse_collector_samples_total{fold="duplicate"})") == 1);
}

TEST_CASE("case 68: a batch that comes twice is acknowledged twice and counted once") {
  const RunningCollector running;
  Call call = write_call(running.base(), up_body(running));
  call.headers.emplace_back("X-Crm-Agent", "branch-1");
  call.headers.emplace_back("X-Crm-Batch-Seq", "12");
  CHECK(send(call).status == 204);
  CHECK(send(call).status == 204);
  CHECK(metric(running, "crmpulse_collector_journal_samples_total") == 1);
  CHECK(metric(running, R"(crmpulse_collector_ingest_requests_total{endpoint="write",outcome="duplicate"})") == 1);
}

TEST_CASE("every answer of the collector's own to samples and evidence bears its mark") {
  const RunningCollector running;
  const auto marked = [](const net::ClientResponse& answer) { return answer.header(wire::kCollectorMark) == "1"; };
  Call call = write_call(running.base(), up_body(running));
  call.headers.emplace_back("X-Crm-Agent", "branch-1");
  call.headers.emplace_back("X-Crm-Batch-Seq", "12");
  CHECK(marked(send(call)));
  CHECK(marked(send(call)));  // a duplicate
  CHECK(marked(send(write_call(running.base(), "nonsense"))));
  Call evidence{"POST", running.base() + "/api/v1/evidence", call.headers, "nonsense"};
  CHECK(marked(send(evidence)));
}

TEST_CASE("headers that cannot be read are 400") {
  const RunningCollector running;
  for (const auto& [name, value] : {std::pair{"X-Crm-Batch-Seq", "twelve"}, std::pair{"X-Crm-Time", "noon"}}) {
    Call call = write_call(running.base(), up_body(running));
    call.headers.emplace_back("X-Crm-Agent", "branch-1");
    call.headers.emplace_back(name, value);
    INFO(name);
    CHECK(send(call).status == 400);
  }
}

TEST_CASE("evidence is kept and shown with the CRM, a bad line costs itself alone") {
  const RunningCollector running;
  REQUIRE(send(write_call(running.base(), up_body(running, 0))).status == 204);
  const auto evidence = [&](const std::string& body) {
    return send({"POST", running.base() + "/api/v1/evidence", {{"Content-Type", "application/x-ndjson"}}, body});
  };
  const std::string line = fmt::format(
      R"({{"at":"{}","crm":"acme","kind":"tryton","agent":"branch-1","operation":"query","stage":"connect","reason":"refused","text":"connection refused"}})",
      format_time(running.now()));
  const net::ClientResponse taken = evidence(line + "\n");
  CHECK(taken.status == 204);
  CHECK(taken.header(wire::kLinesLeftOut).empty());
  const std::string bad = "{\"crm\":\"acme\",\"stage\":\"nowhere\"}\n";
  CHECK(evidence(bad).status == 400);
  CHECK(evidence(bad + bad).status == 400);
  CHECK(skipped(running, "evidence_line") == 0);
  const net::ClientResponse partly = evidence(line + "\n" + bad + line + "\n");
  CHECK(partly.status == 204);
  CHECK(partly.header(wire::kLinesLeftOut) == "1");
  CHECK(skipped(running, "evidence_line") == 1);
  const boost::json::value crm = running.get_json("/api/v1/crms/acme");
  REQUIRE(crm.at("evidence").as_array().size() == 3);
  CHECK(crm.at("evidence").at(0).at("text").as_string() == "connection refused");
  CHECK(crm.at("failures").at(0).at("reason").as_string() == "refused");
}

TEST_CASE("samples of nothing we know are taken for read and left out") {
  const RunningCollector running;
  const Sample foreign{"node_load1", Labels{{"instance", "db"}}, 0.5, running.now()};
  CHECK(send(write_call(running.base(), wire::encode(std::vector{foreign}))).status == 204);
  CHECK(running.get_json("/api/v1/crms").at("crms").as_array().empty());
  CHECK(running.get("/metrics").body.find("node_load1") == std::string::npos);
  CHECK(skipped(running, "not_ours") == 1);
  CHECK(metric(running, "crmpulse_collector_series") == 0);
  CHECK(metric(running, "crmpulse_collector_journal_samples_total") == 0);
}
