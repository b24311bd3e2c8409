// What people, scripts and Prometheus read; and reloading.

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "collector/state/crm_registry.h"
#include "collector/state/series_table.h"
#include "collector/text/json_text.h"
#include "core/text/printable.h"
#include "tests/collector/collector_fixture.h"
#include "tests/support/captured_log.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

boost::json::value first_crm(const RunningCollector& running) {
  return running.get_json("/api/v1/crms").at("crms").at(0);
}

void write_everything(const RunningCollector& running) {
  std::vector<Sample> samples;
  const TimePoint now = running.now();
  for (const char* metric : {"crm_up", "crm_licensed_users", "crm_agent_calls_total", "crm_health_level",
                             "crm_operation_latency_seconds_bucket"}) {
    samples.push_back(sample(metric, "acme", 1, now));
  }
  samples.push_back(
      sample("crm_process_seconds", "acme", 90, now, {{"process", "lead_response"}, {"quantile", "0.5"}}));
  samples.push_back(
      sample("crm_failure", "acme", 1, now, {{"operation", "create"}, {"stage", "auth"}, {"reason", "credentials"}}));
  samples.push_back(sample("crm_info", "acme", 1, now, {{"version", "6.0 \"x\" \\ y\n"}}));
  REQUIRE(send(write_call(running.base(), wire::encode(samples))).status == 204);
  REQUIRE(running.write_latency("acme", 5) == 204);
}

}  // namespace

TEST_CASE("the list of CRMs has the promised shape") {
  const RunningCollector running;
  REQUIRE(running.get_json("/api/v1/crms").at("crms").as_array().empty());
  REQUIRE(running.write_latency("acme", 5) == 204);
  const boost::json::value crm = first_crm(running);
  CHECK(crm.at("crm").as_string() == "acme");
  CHECK(crm.at("kind").as_string() == "tryton");
  CHECK(crm.at("state").as_string() == "poor");
  CHECK(crm.at("data_status").as_string() == "fresh");
  CHECK(parse_time(std::string_view{crm.at("since").as_string()}).has_value());
  CHECK(crm.at("score").is_number());
  const boost::json::value dimension = crm.at("dimensions").at(0);
  CHECK(dimension.at("dimension").as_string() == "latency");
  CHECK(dimension.at("state").as_string() == "poor");
  CHECK(dimension.at("value").to_number<double>() == 5);
  CHECK(dimension.at("unit").as_string() == "seconds");
  CHECK(dimension.at("sub_healthy").to_number<double>() == 1);
  CHECK(dimension.at("poor").to_number<double>() == 3);
  const boost::json::value incident = crm.at("incident");
  CHECK(incident.at("level").as_string() == "poor");
  CHECK(incident.at("acked_by").is_null());
  CHECK(incident.at("fault").at("verdict").as_string() == "database");
  CHECK(incident.at("remedies").at(0).at("dimension").as_string() == "latency");
  CHECK_FALSE(incident.at("remedies").at(0).at("zh").as_string().empty());
}

TEST_CASE("the score on the page, in the API and in /metrics is the same and lies in the band of the state") {
  // Beside a latency that weighs little everything is fine: the plain mean is near 100 in every state.
  CollectorFiles files;
  files.rules += R"(  - id: records
    dimension: completeness
    measure: {metric: crm_records}
    op: above
    aggregator: last
    interval: 1s
    sub: {enter: 100, exit: 90, for: 0s}
    poor: {enter: 200, exit: 190, for: 0s}
    recover_for: {sub: 2s, poor: 2s}
    role: soft
    weight: 99
    no_data: {after: 60s, state: keep}
    remedy: slow_response
    unit: count
)";
  const RunningCollector running{files};
  struct Case {
    const char* crm;
    double latency;
    const char* state;
    double least, most;
  };
  for (const Case& one : {Case{"good", 0.1, "healthy", 80, 100}, Case{"slow", 1.5, "sub_healthy", 50, 79},
                          Case{"hung", 30, "poor", 0, 49}}) {
    INFO(one.crm);
    REQUIRE(
        send(write_call(running.base(), wire::encode(std::vector{sample("crm_records", one.crm, 1, running.now())})))
            .status == 204);
    REQUIRE(running.write_latency(one.crm, one.latency) == 204);
    const boost::json::value crm = running.get_json(std::string{"/api/v1/crms/"} + one.crm);
    REQUIRE(crm.at("state").as_string() == one.state);
    const auto score = crm.at("score").to_number<double>();
    CHECK(score >= one.least);
    CHECK(score <= one.most);
    const std::string metrics = running.get("/metrics").body;
    const std::string line = fmt::format("\ncrm_health_score{{crm=\"{}\",kind=\"tryton\"}} ", one.crm);
    const auto at = metrics.find(line);
    REQUIRE(at != std::string::npos);
    CHECK(std::stod(metrics.substr(at + line.size())) == Approx(score));
    const std::string page = running.get("/plain").body;
    const auto row = page.find(fmt::format(">{}<", one.crm));
    REQUIRE(row != std::string::npos);
    CHECK(page.substr(row, page.find("</tr>", row) - row).find(fmt::format("{:.1f}", score)) != std::string::npos);
  }
}

TEST_CASE("a CRM is unknown while it warms up") {
  const RunningCollector running;
  REQUIRE(send(write_call(running.base(), wire::encode(std::vector{sample("crm_records", "acme", 3, running.now())})))
              .status == 204);
  const boost::json::value crm = first_crm(running);
  CHECK(crm.at("data_status").as_string() == "warming_up");
  CHECK(crm.at("state").as_string() == "unknown");
  CHECK(crm.at("incident").is_null());
  CHECK(running.get("/metrics").body.find("crm_health_level{") == std::string::npos);
}

TEST_CASE("incidents are listed by state and CRM, and one by one") {
  const RunningCollector running;
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually(
      [&] { return running.get_json("/api/v1/incidents?state=open").at("incidents").as_array().size() == 1; }));
  const boost::json::value open = running.get_json("/api/v1/incidents?state=open&crm=acme").at("incidents").at(0);
  CHECK(open.at("state").as_string() == "open");
  CHECK(open.at("level").as_string() == "poor");
  CHECK(running.get_json("/api/v1/incidents?crm=other").at("incidents").as_array().empty());
  CHECK(running.get_json("/api/v1/incidents?state=resolved").at("incidents").as_array().empty());
  CHECK(running.get("/api/v1/incidents?state=odd").status == 400);
  CHECK(running.get("/api/v1/deliveries?status=odd").status == 400);
  const std::string id{open.at("id").as_string()};
  CHECK(running.get_json("/api/v1/incidents/" + id).at("crm").as_string() == "acme");
  CHECK(running.get("/api/v1/incidents/nothing").status == 404);
}

TEST_CASE("the page shows every CRM in both languages and escapes what came from outside") {
  const RunningCollector running;
  REQUIRE(running.write_latency("<b>acme</b>", 5) == 204);
  const std::string page = running.get("/plain").body;
  CHECK(page.find("<b>acme") == std::string::npos);
  CHECK(page.find("&lt;b&gt;acme") != std::string::npos);
  CHECK(page.find("不良") != std::string::npos);
}

TEST_CASE("/metrics is clean under promtool, with every family of health, samples and the collector") {
  const RunningCollector running;
  write_everything(running);
  const net::ClientResponse response = running.get("/metrics");
  CHECK(response.header("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  const TempDir directory;
  const std::string file = directory.write("metrics", response.body);
  const std::string report = directory.path("report");
  const int code = std::system(("promtool check metrics < " + file + " > " + report + " 2>&1").c_str());
  INFO(report);
  CHECK(code == 0);
  CHECK(std::filesystem::file_size(report) == 0);
  const auto has = [&](const std::string& line) { return response.body.find("\n" + line) != std::string::npos; };
  CHECK(has(R"(crm_health_level{crm="acme",kind="tryton"} 2)"));
  CHECK(has(R"(crm_health{crm="acme",kind="tryton",state="poor"} 1)"));
  CHECK(has(R"(crm_health_score{crm="acme",kind="tryton"} )"));
  CHECK(has(R"(crm_dimension_level{crm="acme",kind="tryton",dimension="latency"} 2)"));
  CHECK(has(R"(crm_dimension_value{crm="acme",kind="tryton",dimension="latency"} 5)"));
  CHECK(has(R"(crm_incident_open{crm="acme",kind="tryton",level="poor",fault="credentials"} 1)"));
  for (const char* window : {"5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"})
    CHECK(has(std::string{R"(crm_availability_ratio{crm="acme",kind="tryton",window=")"} + window + R"("} 1)"));
  CHECK(has(R"(crm_operation_latency_seconds_bucket{crm="acme",kind="tryton",operation="read",le="10"} 6)"));
  CHECK(has(R"(crm_operation_latency_seconds_count{crm="acme",kind="tryton",operation="read"} 6)"));
  CHECK(has(R"(crmpulse_collector_build_info{version=")"));
  CHECK(response.body.find("crm_health_level{agent") == std::string::npos);
}

TEST_CASE("a CRM is found in addresses by any name the agent's check accepts") {
  const RunningCollector running;
  const auto encoded = [](std::string_view name) {
    std::string out;
    for (const char c : name) out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    return out;
  };
  for (const std::string name : {"sales eu", "a%b", "a%2Fb", "a?b", "a#b", "a&b=c", "a+b", "a;b", "\"a\" 'b' <c>",
                                 "销售", "a:b@c", "...", "~a", "a{b}", "history"}) {
    INFO(name);
    REQUIRE(running.write_latency(name, 0.1) == 204);
    CHECK(running.state_of(encoded(name)) == "healthy");
    CHECK(running.get("/api/v1/crms/" + encoded(name) + "/history?dimension=latency").status == 200);
  }
}

TEST_CASE("a pattern of rules without files is counted as long as that configuration is in force") {
  RunningCollector running;
  const std::string metric = "crmpulse_collector_configuration_warnings ";
  CHECK(running.get("/metrics").body.find(metric + "0") != std::string::npos);
  const std::string config = running.directory().path("collector.yaml");
  running.directory().write(
      "collector.yaml",
      fmt::format("listen: 127.0.0.1:0\nauth: off\nstate_dir: {}\nrules: [rules.yaml, 'rules.d/*.yaml']\nremedies: "
                  "[remedies.yaml]\n",
                  running.directory().path("state")));
  REQUIRE(send({"POST", running.base() + "/-/reload", {}, ""}).status == 200);
  CHECK(running.get("/metrics").body.find(metric + "1") != std::string::npos);
  // Half written, as by a disk that was full: nothing changes, and no receiver is dropped.
  running.directory().write("collector.yaml", "# receivers:\n");
  CHECK(send({"POST", running.base() + "/-/reload", {}, ""}).status == 422);
  running.directory().write("collector.yaml", "");
  CHECK(send({"POST", running.base() + "/-/reload", {}, ""}).status == 422);
}

TEST_CASE("a pattern without files and a folder that cannot be read are told in the log, at a start and a reload") {
  const CapturedLog log;
  RunningCollector running;
  const auto configure = [&](const std::string& rules) {
    running.directory().write("collector.yaml",
                              fmt::format("listen: 127.0.0.1:0\nauth: off\nstate_dir: {}\nrules: [{}]\nremedies: "
                                          "[remedies.yaml]\n",
                                          running.directory().path("state"), rules));
  };
  const auto reload = [&] { return send({"POST", running.base() + "/-/reload", {}, ""}).status; };
  CHECK(log.lines(" warning ", "matches no file") == 0);
  configure("rules.yaml, 'rules.d/*.yaml'");
  REQUIRE(reload() == 200);
  CHECK(log.lines(" warning ", "rules.d/*.yaml matches no file") == 1);
  running.stop();
  running.start();
  CHECK(log.lines(" warning ", "rules.d/*.yaml matches no file") == 2);
  // A folder that is there and cannot be read, in ways that stop root, too: a file in its place, a loop of links.
  configure("rules.yaml, 'remedies.yaml/*.yaml'");
  CHECK(reload() == 422);
  CHECK(log.lines(" error ", "reload refused", "remedies.yaml/*.yaml", "the folder cannot be read") == 1);
  std::filesystem::create_symlink("loop", running.directory().path("loop"));
  configure("rules.yaml, 'loop/*.yaml'");
  CHECK(reload() == 422);
  CHECK(log.lines(" error ", "reload refused", "loop/*.yaml", "the folder cannot be read") == 1);
  CHECK(running.get("/-/ready").status == 200);
}

TEST_CASE("a reload applies whole or not at all") {
  RunningCollector running;
  REQUIRE(running.write_latency("acme", 1.5) == 204);
  REQUIRE(running.state_of("acme") == "sub_healthy");
  const auto reload = [&] { return send({"POST", running.base() + "/-/reload", {}, ""}); };

  running.files().rules = "rules:\n  - id: latency\n    nonsense: 1\n";
  running.files().receivers = "  - {name: oncall, type: webhook, url: \"http://127.0.0.1:1/\"}\n";
  running.write_files();
  const net::ClientResponse refused = reload();
  CHECK(refused.status == 422);
  const boost::json::value error = boost::json::parse(refused.body).at("error");
  CHECK(error.at("code").as_string() == "invalid_configuration");
  CHECK(std::string_view{error.at("problems").at(0).as_string()}.starts_with("rules.yaml:"));
  CHECK(refused.body.find(running.directory().path()) == std::string::npos);
  CHECK(running.get("/metrics").body.find("crmpulse_collector_last_reload_successful 0") != std::string::npos);
  CHECK(running.get("/metrics").body.find("receiver=\"oncall\"") == std::string::npos);
  CHECK(first_crm(running).at("dimensions").at(0).at("poor").to_number<double>() == 3);

  std::string rules = kQuickRules;
  rules.replace(rules.find("enter: 3"), 8, "enter: 2");
  rules.replace(rules.find("exit: 2.7"), 9, "exit: 1.9");
  running.files().rules = rules;
  running.files().extra = "external_url: https://example.com/\n";
  running.write_files();
  const net::ClientResponse applied = reload();
  INFO(applied.body);
  CHECK(applied.status == 200);
  CHECK(first_crm(running).at("dimensions").at(0).at("poor").to_number<double>() == 2);
  CHECK(running.get("/metrics").body.find("receiver=\"oncall\"") != std::string::npos);
  CHECK(running.state_of("acme") == "sub_healthy");
}

TEST_CASE("a reload that is asked for while another one reads is done afterwards") {
  RunningCollector running;
  std::atomic<int> done{0};
  std::atomic<int> applied{0};
  running.thread().run([&] {
    for (int i = 0; i < 3; ++i) {
      running.collector().reload([&](const collector::Reload& outcome) {
        if (outcome.applied) ++applied;
        ++done;
      });
    }
    running.collector().reload_by_signal();
  });
  REQUIRE(eventually([&] { return done == 3; }));
  CHECK(applied == 3);
  // The first by itself, the others together: the files were read again after they had asked.
  CHECK(eventually([&] {
    return running.get("/metrics").body.find("crmpulse_collector_reloads_total{outcome=\"applied\"} 2") !=
           std::string::npos;
  }));
}

TEST_CASE("a reload says which changes wait for a restart") {
  RunningCollector running;
  running.files().extra = "metrics: open\n";
  running.write_files();
  const net::ClientResponse response = send({"POST", running.base() + "/-/reload", {}, ""});
  CHECK(response.status == 200);
  CHECK(boost::json::parse(response.body).at("needs_restart").at(0).as_string() == "metrics");
}

TEST_CASE("numbers in JSON are written as people write them") {
  CHECK(collector::to_text(boost::json::object{
            {"a", 87.5}, {"b", 3.0}, {"c", "é\n"}, {"d", nullptr}, {"e", boost::json::array{1, true}}}) ==
        R"({"a":87.5,"b":3,"c":"é\n","d":null,"e":[1,true]})");
}

TEST_CASE("a value is shown five minutes, or three intervals up to three hours") {
  collector::Series series;
  const TimePoint now = parse_time("2026-11-21T12:00:00Z").value();
  const auto fresh = [&](Duration age) { return collector::SeriesTable::fresh(series, now + age); };
  series.note(now - std::chrono::seconds{30}, 1);
  series.note(now, 1);
  CHECK(fresh(std::chrono::minutes{5}));
  CHECK_FALSE(fresh(std::chrono::minutes{6}));
  series = {};
  series.note(now - std::chrono::minutes{30}, 1);
  series.note(now, 1);
  CHECK(fresh(std::chrono::minutes{90}));
  CHECK_FALSE(fresh(std::chrono::minutes{91}));
  series.note(now - std::chrono::hours{1}, 7);
  CHECK(series.value == 1);
}

TEST_CASE("series nobody has sent for long are forgotten, the others keep their place") {
  collector::SeriesTable table{2};
  constexpr auto kNone = collector::SeriesTable::kNone;
  const auto a = table.find_or_add({"a", {}, {}}).id;
  const auto b = table.find_or_add({"b", {}, {}}).id;
  REQUIRE((a != kNone && b != kNone));
  CHECK(table.find_or_add({"c", {}, {}}).id == kNone);
  CHECK(table.find_or_add({"b", {}, {}}).id == b);
  const TimePoint now = parse_time("2026-11-21T12:00:00Z").value();
  table[b].note(now, 1);
  table.forget(now);
  CHECK(table.size() == 1);
  CHECK(table.find("a") == kNone);
  CHECK(table.find_or_add({"b", {}, {}}).id == b);
  CHECK(table.find_or_add({"c", {}, {}}).id == a);
  CHECK(table.find("c") == a);
}

TEST_CASE("CRMs are listed in pages, each behind the last name of the page before") {
  const RunningCollector running;
  for (const char* crm : {"a", "b", "c", "d", "e"}) REQUIRE(running.write_latency(crm, 0.1, 1) == 204);
  std::string names;
  std::string cursor;
  int pages = 0;
  do {
    const boost::json::value page =
        running.get_json("/api/v1/crms?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
    CHECK(page.at("crms").as_array().size() <= 2);
    for (const boost::json::value& crm : page.at("crms").as_array()) names += crm.at("crm").as_string();
    cursor = page.at("next_cursor").is_null() ? "" : std::string{page.at("next_cursor").as_string()};
    ++pages;
  } while (!cursor.empty() && pages < 10);
  CHECK(names == "abcde");
  CHECK(pages == 3);
  const boost::json::value all = running.get_json("/api/v1/crms");
  CHECK(all.at("crms").as_array().size() == 5);
  CHECK(all.at("next_cursor").is_null());
  CHECK(running.get("/api/v1/crms?limit=0").status == 400);
  CHECK(running.get("/api/v1/crms?limit=1001").status == 400);
}

TEST_CASE("names and evidence with what cannot be seen are shown escaped, and read back as they were") {
  const RunningCollector running;
  const std::string crm = "ac\xe2\x80\xaeme";
  const std::string in_address = "ac%E2%80%AEme";
  REQUIRE(running.write_latency(crm, 0.1, 1) == 204);
  const std::string line =
      fmt::format(R"({{"at":"{}","crm":"{}","text":"pay\u202elap\u200b now"}})", format_time(running.now()), crm);
  REQUIRE(send({"POST", running.base() + "/api/v1/evidence", {}, line}).status == 204);
  const std::string details = running.get("/api/v1/crms/" + in_address).body;
  CHECK(is_printable(std::string_view{details}.substr(0, details.size() - 1)));
  CHECK(boost::json::parse(details).at("crm").as_string() == crm);
  CHECK_THAT(details, Catch::Contains("pay\\\\u202elap"));
  const std::string page = running.get("/plain").body;
  CHECK_THAT(page, Catch::Contains("ac\\u202eme") && !Catch::Contains("\xe2\x80\xae"));
}
