// From a remote-write request to a delivered webhook.

#include <catch2/catch.hpp>

#include "net/base/crypto.h"
#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

const char* const kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

std::string header(const net::HttpRequest& request, std::string_view name) {
  return std::string{request.header(name)};
}

}  // namespace

TEST_CASE("a slow CRM becomes poor, the receiver hears of it, and of its recovery") {
  Sink sink;
  TempDir secrets;
  CollectorFiles files;
  files.receivers = fmt::format("  - {{name: oncall, type: webhook, url: \"{}\", secret_file: {}}}\n", sink.url(),
                                secrets.write("secret", kSecret));
  RunningCollector running{files};
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(running.state_of("acme") == "poor");
  REQUIRE(eventually([&] { return sink.requests().size() == 1; }));
  const net::HttpRequest opened = sink.requests().front();
  const boost::json::value body = boost::json::parse(opened.body);
  CHECK(body.at("version").as_string() == "1");
  CHECK(body.at("type").as_string() == "incident.opened");
  CHECK(body.at("crm").as_string() == "acme");
  CHECK(body.at("kind").as_string() == "tryton");
  CHECK(body.at("state").as_string() == "poor");
  CHECK(body.at("previous_state").as_string() == "healthy");
  CHECK(body.at("failing").at(0).at("dimension").as_string() == "latency");
  CHECK(body.at("failing").at(0).at("value").to_number<double>() == 5);
  CHECK(body.at("failing").at(0).at("threshold").to_number<double>() == 3);
  CHECK(body.at("failing").at(0).at("remedy").at("zh").as_string() == "优化架构、升级硬件");
  CHECK(body.at("incident").at("id").as_string().size() == 26);
  const std::string key = net::base64_decode(std::string_view{kSecret}.substr(6)).value();
  const std::string signed_bytes =
      header(opened, "webhook-id") + "." + header(opened, "webhook-timestamp") + "." + opened.body;
  CHECK(header(opened, "webhook-signature") == "v1," + net::base64_encode(net::hmac_sha256(key, signed_bytes)));
  // Newer good readings must be later than the bad ones.
  std::vector<Sample> good;
  for (int i = 1; i <= 8; ++i) {
    good.push_back(sample("crm_operation_duration_seconds", "acme", 0.1, running.now() + std::chrono::seconds{i},
                          {{"operation", "read"}}));
  }
  REQUIRE(send(write_call(running.base(), wire::encode(good))).status == 204);
  REQUIRE(eventually([&] { return sink.requests().size() >= 2; }));
  const boost::json::value resolved = boost::json::parse(sink.requests().back().body);
  CHECK(resolved.at("type").as_string() == "incident.resolved");
  CHECK(resolved.at("incident").at("id").as_string() == body.at("incident").at("id").as_string());
  CHECK(resolved.at("incident").as_object().contains("opened_at"));
  CHECK(running.state_of("acme") == "healthy");
}

TEST_CASE("people read times by the clock of the configuration, programs read UTC") {
  Sink sink;
  CollectorFiles files;
  files.extra = "time_zone: Asia/Shanghai\n";
  files.receivers = fmt::format("  - {{name: oncall, type: webhook, url: \"{}\"}}\n", sink.url());
  const RunningCollector running{files};
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually([&] { return sink.requests().size() == 1; }));
  const boost::json::value body = boost::json::parse(sink.requests().front().body);
  for (const char* language : {"en", "zh"})
    CHECK_THAT(std::string{body.at("text").at(language).as_string()}, Catch::Contains(" Asia/Shanghai"));
  CHECK_THAT(std::string{body.at("at").as_string()}, Catch::EndsWith("Z"));
  CHECK_THAT(std::string{body.at("failing").at(0).at("since").as_string()}, Catch::EndsWith("Z"));
  CHECK_THAT(running.get("/plain").body, Catch::Contains(" Asia/Shanghai</td>") && !Catch::Contains("Z</td>"));
  CHECK_THAT(std::string{running.get_json("/api/v1/crms/acme").at("since").as_string()}, Catch::EndsWith("Z"));
}

TEST_CASE("while the configuration says mute nobody is told, afterwards what still holds") {
  Sink sink;
  CollectorFiles files;
  files.receivers = fmt::format("  - {{name: oncall, type: webhook, url: \"{}\"}}\n", sink.url());
  files.extra = "mute: true\n";
  RunningCollector running{files};
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(running.state_of("acme") == "poor");
  const std::string metrics = running.get("/metrics").body;
  CHECK(metrics.find("crmpulse_collector_muted 1") != std::string::npos);
  CHECK(metrics.find("crmpulse_collector_muted_state_changes_total 0") == std::string::npos);
  CHECK(running.get("/plain").body.find("已静音") != std::string::npos);
  running.files().extra = "";
  running.write_files();
  REQUIRE(send({"POST", running.base() + "/-/reload", {}, ""}).status == 200);
  REQUIRE(eventually([&] { return !sink.requests().empty(); }));
  const boost::json::value opened = boost::json::parse(sink.requests().front().body);
  CHECK(opened.at("type").as_string() == "incident.opened");
  CHECK(opened.at("state").as_string() == "poor");
}
