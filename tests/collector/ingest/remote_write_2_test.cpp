// The rules of remote write 2.0 for receivers: nothing is answered 2xx that was not accepted, and the answer's counts
// are exact whatever becomes of a request.

#include <bit>
#include <catch2/catch.hpp>

#include "tests/collector/ingest/write_bodies.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

constexpr auto kSecondVersion = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

struct Counted {
  int status = 0;
  std::string samples;
  std::string histograms;
  std::string exemplars;
  bool operator==(const Counted&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Counted& counted) {
  return out << counted.status << ": " << counted.samples << ' ' << counted.histograms << ' ' << counted.exemplars;
}

Counted counted(const net::ClientResponse& response) {
  const auto count_of = [&](const std::string& what) {
    return std::string{response.header("x-prometheus-remote-write-" + what + "-written")};
  };
  return {response.status, count_of("samples"), count_of("histograms"), count_of("exemplars")};
}

/// A request of one series, crm_up of acme: its fields behind the labels as they are given.
std::string one_series(const std::string& fields) {
  std::string out = bytes_field(4, "");
  for (const char* symbol : {"__name__", "crm_up", "crm", "acme"}) out += bytes_field(4, symbol);
  return out + bytes_field(5, bytes_field(1, std::string{"\x01\x02\x03\x04"}) + fields);
}

net::ClientResponse post(const RunningCollector& running, const std::string& body,
                         const std::string& type = kSecondVersion) {
  Call call = write_call(running.base(), compress(body));
  call.headers[0].second = type;
  call.headers[2].second = "2.0.0";
  return send(call);
}

std::string sample_field(const RunningCollector& running) {
  return bytes_field(2, sample_message(1, running.now()));
}
const std::string kHistogram = bytes_field(3, "\x08\x01\x78\x01");
const std::string kExemplar = bytes_field(4, "\x18\x01");
const std::string kMetadata = bytes_field(5, "\x08\x02");

}  // namespace

TEST_CASE("histograms and exemplars are refused and counted, the samples beside them are accepted") {
  const RunningCollector running;
  const std::string sample = sample_field(running);
  CHECK(counted(post(running, one_series(sample))) == Counted{204, "1", "0", "0"});
  CHECK(counted(post(running, one_series(sample + kMetadata))) == Counted{204, "1", "0", "0"});
  CHECK(counted(post(running, one_series(kHistogram))) == Counted{400, "0", "0", "0"});
  CHECK(counted(post(running, one_series(kHistogram + kMetadata + kExemplar))) == Counted{400, "0", "0", "0"});
  CHECK(counted(post(running, one_series(sample + kExemplar + kExemplar))) == Counted{400, "1", "0", "0"});
  CHECK(counted(post(running, one_series(sample + kHistogram))) == Counted{400, "1", "0", "0"});
  const net::ClientResponse histograms = post(running, one_series(kHistogram + kHistogram));
  CHECK(histograms.body.find("2 histograms are not used here") != std::string::npos);
  CHECK(histograms.body.find("the other 0 samples are accepted") != std::string::npos);
}

TEST_CASE("a series without samples and histograms is refused in 2.0, whatever else it has") {
  const RunningCollector running;
  for (const std::string& fields : {std::string{}, kMetadata, kExemplar, kExemplar + kMetadata}) {
    const net::ClientResponse response = post(running, one_series(fields));
    CHECK(counted(response) == Counted{400, "0", "0", "0"});
    CHECK(response.body.find("1 series are left out (no_samples)") != std::string::npos);
  }
  const net::ClientResponse mixed = write_v2(running, {up("acme", running.now())}, "");
  CHECK(counted(mixed) == Counted{204, "1", "0", "0"});
  // 1.0 knows no such rule, and its senders give up what they are told of.
  const std::string empty = bytes_field(1, bytes_field(1, bytes_field(1, "__name__") + bytes_field(2, "crm_up")));
  CHECK(send(write_call(running.base(), compress(empty))).status == 204);
}

TEST_CASE("a fault of a series without samples is told, too") {
  const RunningCollector running;
  const std::string nameless = bytes_field(4, "") + bytes_field(4, "job") + bytes_field(4, "x") +
                               bytes_field(5, bytes_field(1, std::string{"\x01\x02"}) + kMetadata);
  const net::ClientResponse response = post(running, nameless);
  CHECK(counted(response) == Counted{400, "0", "0", "0"});
  CHECK(response.body.find("1 series are left out (no_name)") != std::string::npos);
}

TEST_CASE("counts are exact when series are left out for faults, for want of room, or lie ahead") {
  CollectorFiles files;
  files.extra = "limits: {series_per_crm: 1}\n";
  const RunningCollector running{files};
  const TimePoint now = running.now();
  const WrittenSeries nameless{{{"crm", "acme"}}, 1, now};
  const WrittenSeries foreign{{{"__name__", "node_load1"}, {"job", "node"}}, 1, now};
  const WrittenSeries other{{{"__name__", "crm_records"}, {"crm", "acme"}, {"kind", "tryton"}}, 1, now};
  CHECK(counted(write_v2(running, {up("acme", now), nameless, foreign, other})) == Counted{400, "2", "0", "0"});
  CHECK(counted(write_v2(running, {up("acme", now)})) == Counted{204, "1", "0", "0"});
  const WrittenSeries ahead = up("acme", now + std::chrono::hours{1});
  CHECK(counted(write_v2(running, {ahead, up("beta", now)})) == Counted{400, "1", "0", "0"});
  // The same sample again, an older one, a stale marker: accepted, whatever comes of them.
  const double stale = std::bit_cast<double>(std::uint64_t{0x7ff0000000000002});
  CHECK(counted(write_v2(running, {up("acme", now), up("acme", now - std::chrono::hours{1}),
                                   up("acme", now, stale)})) == Counted{204, "3", "0", "0"});
}

TEST_CASE("a batch that comes twice is answered the second time as the first time") {
  const RunningCollector running;
  const TimePoint now = running.now();
  for (const bool ahead : {false, true}) {
    Call call = write_call(running.base(),
                           compress(v2_bytes({up("acme", now), up("beta", ahead ? now + std::chrono::hours{1} : now)},
                                             ahead ? kExemplar : "")));
    call.headers[0].second = kSecondVersion;
    call.headers.emplace_back("X-Crm-Agent", "branch-1");
    call.headers.emplace_back("X-Crm-Batch-Seq", ahead ? "2" : "1");
    call.headers.emplace_back("X-Crm-Time", format_time(now));
    const net::ClientResponse first = send(call);
    CHECK(counted(first) == (ahead ? Counted{400, "1", "0", "0"} : Counted{204, "2", "0", "0"}));
    const net::ClientResponse second = send(call);
    CHECK(counted(second) == counted(first));
    CHECK(second.body == first.body);
  }
}

TEST_CASE("a request that cannot be read has three counts of nothing, one in an unknown form has none") {
  const RunningCollector running;
  CHECK(counted(post(running, "\xff\xff")) == Counted{400, "0", "0", "0"});
  CHECK(counted(post(running, v1_bytes({up("acme", running.now())}))) == Counted{400, "0", "0", "0"});
  const std::string body = one_series(sample_field(running));
  for (const char* type :
       {"application/json", "image/png", "application/x-protobuf;proto=io.prometheus.write.v3.Request",
        "text/plain;proto=io.prometheus.write.v2.Request", ""}) {
    INFO(type);
    CHECK(counted(post(running, body, type)) == Counted{415, "", "", ""});
  }
  for (const char* type : {"application/x-protobuf; proto=io.prometheus.write.v2.Request",
                           "Application/X-Protobuf;Proto=\"io.prometheus.write.v2.Request\"",
                           "application/x-protobuf;charset=utf-8;proto=io.prometheus.write.v2.Request"}) {
    INFO(type);
    CHECK(counted(post(running, body, type)) == Counted{204, "1", "0", "0"});
  }
  Call packed = write_call(running.base(), compress(body));
  packed.headers[0].second = kSecondVersion;
  for (const char* encoding : {"gzip", "deflate", "zstd"}) {
    packed.headers[1].second = encoding;
    CHECK(counted(send(packed)) == Counted{415, "", "", ""});
  }
}

TEST_CASE("a header of the agent's that is empty, there twice or not what it should be is refused") {
  const RunningCollector running;
  const auto status = [&](const std::vector<std::pair<std::string, std::string>>& more) {
    Call call = write_call(running.base(), compress(v1_bytes({up("acme", running.now())})));
    call.headers.insert(call.headers.end(), more.begin(), more.end());
    return send(call).status;
  };
  CHECK(status({}) == 204);
  CHECK(status({{"X-Crm-Agent", "a"}, {"X-Crm-Batch-Seq", "7"}, {"X-Crm-Time", format_time(running.now())}}) == 204);
  for (const char* time : {"", "soon", "2026-13-01T00:00:00Z", "1e3", "-1", "9223372036854775807"})
    CHECK(status({{"X-Crm-Time", time}}) == 400);
  for (const char* number : {"", "x", "-1", "1.5", "18446744073709551616"})
    CHECK(status({{"X-Crm-Batch-Seq", number}}) == 400);
  // An agent's numbers take all 64 bits.
  for (const char* number : {"0", "9007199254740993", "18446744073709551615"})
    CHECK(status({{"X-Crm-Agent", "b"}, {"X-Crm-Batch-Seq", number}}) == 204);
  for (const std::string& agent : {std::string{}, std::string(129, 'a')})
    CHECK(status({{"X-Crm-Agent", agent}}) == 400);
  CHECK(status({{"X-Crm-Batch-Seq", "8"}, {"X-Crm-Batch-Seq", "9"}}) == 400);
  CHECK(status({{"X-Crm-Agent", "a"}, {"X-Crm-Agent", "b"}}) == 400);
}
