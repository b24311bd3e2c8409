// What of a request is not wanted is left out, series by series: the rest is stored, judged and kept over a restart.

#include <catch2/catch.hpp>

#include "tests/collector/ingest/write_bodies.h"
#include "tests/support/captured_log.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

std::string written(const net::ClientResponse& response, const std::string& what = "samples") {
  return std::string{response.header("x-prometheus-remote-write-" + what + "-written")};
}

constexpr auto kAcme = R"(crm_up{crm="acme",kind="tryton"})";

/// Beside `crm_up` of acme, which must be stored by both versions and survive a restart.
void left_out(const LabelList& labels, const std::string& reason) {
  INFO(reason);
  RunningCollector running;
  const std::vector<WrittenSeries> both{{labels, 1, running.now()}, up("acme", running.now())};
  CHECK(write_v1(running, both).status == 204);
  CHECK(metric(running, kAcme) == 1);
  CHECK(skipped(running, reason) == 1);
  CHECK(metric(running, "crmpulse_collector_journal_samples_total") == 1);
  const net::ClientResponse second = write_v2(running, {{labels, 1, running.now()}, up("acme", running.now(), 0)});
  CHECK(second.status == 400);
  CHECK(written(second) == "1");
  CHECK(second.body.find(reason) != std::string::npos);
  CHECK(metric(running, kAcme) == 0);
  running.stop();
  running.start();
  CHECK(eventually([&] { return metric(running, kAcme) == 0; }));
  CHECK(metric(running, "crmpulse_collector_series") == 1);
}

}  // namespace

TEST_CASE("labels in no order, as vmagent sends them, are the same series as sorted ones") {
  const RunningCollector running;
  const LabelList unsorted{{"__name__", "crm_up"}, {"kind", "tryton"}, {"site", ""}, {"crm", "acme"}};
  for (int round = 0; round < 3; ++round)
    CHECK(write_v1(running, {{unsorted, 1, running.now()}, up("beta", running.now())}).status == 204);
  CHECK(write_v2(running, {{unsorted, 1, running.now()}}).status == 204);
  CHECK(write_v1(running, {up("acme", running.now(), 0)}).status == 204);
  CHECK(metric(running, kAcme) == 0);
  CHECK(metric(running, "crmpulse_collector_series") == 2);
  CHECK(running.get_json("/api/v1/crms").at("crms").as_array().size() == 2);
}

TEST_CASE("a series that is not wanted leaves the others of its request alone") {
  left_out({{"__name__", "app_info"}, {"flags", std::string(1500, 'f')}}, "value_length");
  left_out({{"__name__", "crm_response.time"}, {"crm", "acme"}}, "name");
  left_out({{"__name__", "crm_records"}, {"crm", "acme"}, {"Größe", "1"}}, "name");
  left_out({{"__name__", "crm_records"}, {"crm", "acme"}, {"crm", "beta"}}, "duplicate_label");
  left_out({{"__name__", "crm_records"}, {"crm", "a\xff"}}, "encoding");
  left_out({{"crm", "acme"}}, "no_name");
  LabelList many{{"__name__", "crm_records"}, {"crm", "acme"}};
  for (int i = 0; i < 70; ++i) many.emplace_back("label_" + std::to_string(i), "1");
  left_out(many, "label_count");
}

TEST_CASE("what a sender shares of its own is taken for read: nothing is told to it, nothing is kept") {
  const RunningCollector running;
  const WrittenSeries foreign{{{"__name__", "node_load1"}, {"instance", "db"}, {"job", "node"}}, 0.5, running.now()};
  const net::ClientResponse response = write_v2(running, {foreign, up("acme", running.now())});
  CHECK(response.status == 204);
  CHECK(written(response) == "2");
  CHECK(skipped(running, "not_ours") == 1);
  CHECK(metric(running, "crmpulse_collector_series") == 1);
}

TEST_CASE("a metric of another program that names a CRM is ours") {
  const RunningCollector running;
  const WrittenSeries bound{
      {{"__name__", "mysql_up"}, {"crm", "acme"}, {"instance", "db"}, {"job", "x"}}, 1, running.now()};
  CHECK(write_v1(running, {bound}).status == 204);
  CHECK(metric(running, "crmpulse_collector_series") == 1);
}

TEST_CASE("a request of nothing wanted is answered and not journalled") {
  const RunningCollector running;
  const WrittenSeries bad{{{"__name__", "crm up"}, {"crm", "acme"}}, 1, running.now()};
  CHECK(write_v1(running, {bad}).status == 204);
  const net::ClientResponse second = write_v2(running, {bad});
  CHECK(second.status == 400);
  CHECK(written(second) == "0");
  CHECK(metric(running, "crmpulse_collector_journal_samples_total") == 0);
}

TEST_CASE("2.0 counts what was used, of histograms and exemplars nothing") {
  const RunningCollector running;
  const std::string histogram = bytes_field(3, "\x08\x01");
  const std::string exemplar = bytes_field(4, "\x10\x01");
  for (const auto& [more, what] : {std::pair{histogram, "histograms"}, std::pair{exemplar, "exemplars"}}) {
    const net::ClientResponse response = write_v2(running, {up("acme", running.now())}, more);
    INFO(what);
    CHECK(response.status == 400);
    CHECK(written(response) == "1");
    CHECK(written(response, what) == "0");
    CHECK(response.body.find(what) != std::string::npos);
  }
  CHECK(metric(running, kAcme) == 1);
}

TEST_CASE("a name cannot forge a line of /metrics, by neither version") {
  const RunningCollector running;
  const std::string line = "crm_health_level{crm=\"victim\",kind=\"tryton\"} 0";
  const std::vector<LabelList> forged{
      {{"__name__", "crm_up 1\n" + line + "\ncrm_x"}, {"crm", "acme"}},
      {{"__name__", "crm_up"}, {"crm", "acme"}, {"x=\"1\"} 1\n" + line + "\ncrm_x{y", "z"}},
      {{"__name__", "crm_up"}, {"crm", "acme\"} 1\n" + line + "\ncrm_x{y=\""}},
      {{"__name__", "crm_up"}, {"crm", "acme"}, {"kind", "a\\\"} 1\n" + line}},
  };
  for (const LabelList& labels : forged) {
    (void)write_v1(running, {{labels, 1, running.now()}});
    (void)write_v2(running, {{labels, 1, running.now()}});
  }
  const std::string metrics = running.get("/metrics").body;
  CHECK(metrics.find("\n" + line) == std::string::npos);
  CHECK(metrics.find("\ncrm_x") == std::string::npos);
  const TempDir directory;
  const std::string file = directory.write("metrics", metrics);
  CHECK(std::system(("promtool check metrics < " + file + " > " + directory.path("report") + " 2>&1").c_str()) == 0);
}

TEST_CASE("an agent's name is text that every reader of /metrics can read") {
  const RunningCollector running;
  for (const std::string name : {"a\xff\xfe", "branch\x01", "a\xc3"}) {
    Call call = write_call(running.base(), compress(v1_bytes({up("acme", running.now())})));
    call.headers.emplace_back("X-Crm-Agent", name);
    CHECK(send(call).status == 400);
  }
  Call call = write_call(running.base(), compress(v1_bytes({up("acme", running.now())})));
  call.headers.emplace_back("X-Crm-Agent", "分部 \"1\"");
  CHECK(send(call).status == 204);
  CHECK(running.get("/metrics").body.find(R"(agent="分部 \"1\"")") != std::string::npos);
}

TEST_CASE("what is shown has its time: a scrape makes no new sample of an old one") {
  RunningCollector running;
  const TimePoint then = from_unix_millis(unix_millis(running.now()) - 90'000);
  CHECK(write_v1(running, {up("acme", then)}).status == 204);
  const std::string line = std::string{"\n"} + kAcme + " 1 " + std::to_string(unix_millis(then)) + "\n";
  CHECK(running.get("/metrics").body.find(line) != std::string::npos);
  CHECK(running.get("/metrics").body.find(line) != std::string::npos);
  const WrittenSeries old{
      {{"__name__", "crm_records"}, {"crm", "acme"}, {"kind", "tryton"}}, 7, running.now() - std::chrono::hours{2}};
  CHECK(write_v1(running, {old}).status == 204);
  CHECK(metric(running, R"(crm_records{crm="acme",kind="tryton"})") == -1);
}

TEST_CASE("why series are left out is told in the log once for each reason, with one of them and its sender") {
  const CapturedLog log;
  const RunningCollector running;
  const LabelList too_long{{"__name__", "app_info"}, {"flags", std::string(1500, 'f')}};
  const LabelList no_name{{"__name__", "crm_response.time"}, {"crm", "acme"}};
  const LabelList foreign{{"__name__", "node_load1"}, {"instance", "db"}};
  for (int round = 0; round < 3; ++round) {
    const std::vector<WrittenSeries> all{{too_long, 1, running.now()},
                                         {no_name, 1, running.now()},
                                         {foreign, 1, running.now()},
                                         up("acme", running.now())};
    REQUIRE(write_v1(running, all).status == 204);
    REQUIRE(write_v2(running, all).status == 400);
  }
  CHECK(log.lines(" warning ", "reason=value_length", "series=1", "one_of_them=app_info", "sender=127.0.0.1") == 1);
  CHECK(log.lines(" warning ", "reason=name", "one_of_them=crm_response.time") == 1);
  CHECK(log.lines(" warning ", "reason=not_ours", "one_of_them=node_load1") == 1);
  CHECK(log.lines("reason=") == 3);
  // The rest is only counted.
  CHECK(skipped(running, "value_length") == 6);
  CHECK(skipped(running, "not_ours") == 6);
}

TEST_CASE("a name that could move a terminal's cursor is shown escaped in the log") {
  const CapturedLog log;
  const RunningCollector running;
  const LabelList hostile{{"__name__", "crm_\x1b[2J\xe2\x80\xae"}, {"crm", "acme"}};
  CHECK(write_v1(running, {{hostile, 1, running.now()}, up("acme", running.now())}).status == 204);
  CHECK(log.lines(" warning ", "reason=name", "one_of_them=", "u202e") == 1);
  CHECK(log.text().find('\x1b') == std::string::npos);
  CHECK(log.text().find("\xe2\x80\xae") == std::string::npos);
}

TEST_CASE("at its CRM's limit an agent's batch is stored but for what is new in it, and goes on being judged") {
  CollectorFiles files;
  files.extra = "limits: {series_per_crm: 3}\n";
  RunningCollector running{files};
  const auto from_agent = [&](const std::vector<WrittenSeries>& all, bool second = false) {
    Call call = write_call(running.base(), compress(second ? v2_bytes(all) : v1_bytes(all)));
    if (second) {
      call.headers[0].second = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
      call.headers[2].second = "2.0.0";
    }
    call.headers.emplace_back("X-Crm-Agent", "branch-1");
    return send(call);
  };
  const auto of_acme = [](const char* name, double value, TimePoint at, LabelList more = {}) {
    LabelList labels{{"__name__", name}, {"crm", "acme"}, {"kind", "tryton"}, {"agent", "branch-1"}};
    labels.insert(labels.end(), more.begin(), more.end());
    return WrittenSeries{labels, value, at};
  };
  const auto batch = [&](double seconds, TimePoint at, bool with_new) {
    std::vector<WrittenSeries> all{of_acme("crm_up", 1, at),
                                   of_acme("crm_operation_success", 1, at, {{"operation", "read"}}),
                                   of_acme("crm_operation_duration_seconds", seconds, at, {{"operation", "read"}})};
    // First, so that what follows it shows that it costs nothing else.
    if (with_new) all.insert(all.begin(), of_acme("crm_info", 1, at, {{"version", "7.0"}}));
    return all;
  };
  const TimePoint begun = running.now() - std::chrono::seconds{20};
  REQUIRE(from_agent(batch(0.1, begun, false)).status == 204);
  for (int i = 1; i < 8; ++i) CHECK(from_agent(batch(5, begun + std::chrono::seconds{i}, true)).status == 204);
  CHECK(running.state_of("acme") == "poor");
  CHECK(skipped(running, "crm_series_limit") == 7);
  CHECK(metric(running, "crmpulse_collector_journal_samples_total") == 24);
  CHECK(running.get("/metrics").body.find("\ncrm_info{") == std::string::npos);
  // By 2.0 its sender hears how much of it is stored.
  const net::ClientResponse second = from_agent(batch(5, begun + std::chrono::seconds{8}, true), true);
  CHECK(second.status == 400);
  CHECK(written(second) == "3");
  CHECK(second.body.find("crm_series_limit") != std::string::npos);
  // Another CRM of the same agent has its own room, and after a restart all is as it was.
  running.stop();
  running.start();
  CHECK(running.state_of("acme") == "poor");
  CHECK(from_agent({up("beta", running.now())}).status == 204);
  CHECK(from_agent(batch(0.1, running.now(), true)).status == 204);
  CHECK(metric(running, "crmpulse_collector_journal_samples_total") == 4);
}
