// Acknowledgements between the collector and an on-call system, both ways, over HTTP.

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "net/base/crypto.h"
#include "tests/collector/collector_fixture.h"
#include "wire/remote_write.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

constexpr const char* kSecret = "a-secret-of-theirs";

/// A PagerDuty that takes our events and may tell of its own.
class Pager {
 public:
  Pager() {
    sink_.behave([](const net::HttpRequest&) { return net::HttpResponse{202, {}, R"({"status":"success"})"}; });
  }
  [[nodiscard]] CollectorFiles files(const TempDir& secrets) const {
    CollectorFiles files;
    files.extra = "external_url: https://health.example.com\n";
    files.receivers = fmt::format(
        "  - {{name: pager, type: pagerduty, url: \"{}\", routing_key_file: \"{}\", webhook_secret_file: \"{}\"}}\n",
        sink_.url(), secrets.write("key", "0123456789abcdef0123456789abcdef"), secrets.write("secret", kSecret));
    return files;
  }
  [[nodiscard]] std::vector<std::string> actions() const {
    std::vector<std::string> all;
    for (const net::HttpRequest& request : sink_.requests())
      all.emplace_back(json::parse(request.body).at("event_action").as_string());
    return all;
  }
  [[nodiscard]] json::value newest() const { return json::parse(sink_.requests().back().body); }

 private:
  Sink sink_;
};

std::string acknowledged(const std::string& id, TimePoint at, const std::string& key = "crm/acme") {
  return fmt::format(R"({{"event":{{"id":"{}","event_type":"incident.acknowledged","occurred_at":"{}",)"
                     R"("agent":{{"summary":"Ana","type":"user_reference"}},"data":{{"incident_key":"{}"}}}}}})",
                     id, format_time(at), key);
}

net::ClientResponse post(const RunningCollector& running, const std::string& body,
                         const std::string& receiver = "pager", const std::string& secret = kSecret) {
  const std::string signature = "v1=" + net::hex(net::hmac_sha256(secret, body));
  return send({"POST",
               running.base() + "/api/v1/receivers/" + receiver + "/events",
               {{"Content-Type", "application/json"}, {"X-PagerDuty-Signature", signature}},
               body});
}

std::string status_of(const net::ClientResponse& response) {
  INFO(response.status << " " << response.body);
  REQUIRE(response.status == 200);
  return std::string{json::parse(response.body).at("status").as_string()};
}

json::value ack_of(const RunningCollector& running) {
  return running.get_json("/api/v1/crms/acme").at("incident").at("ack");
}

/// In three requests: just after a start nothing is resolved at the first two.
void recover(const RunningCollector& running) {
  const TimePoint from = running.now();
  for (int part = 0; part < 3; ++part) {
    std::vector<Sample> good;
    for (int i = 1; i <= 8; ++i) {
      good.push_back(sample("crm_operation_duration_seconds", "acme", 0.1, from + std::chrono::seconds{8 * part + i},
                            {{"operation", "read"}}));
    }
    REQUIRE(send(write_call(running.base(), wire::encode(good))).status == 204);
  }
}

/// `acme` is poor and the pager knows.
struct Paged {
  TempDir secrets;
  Pager pager;
  RunningCollector running{pager.files(secrets)};
  std::string path;

  Paged() {
    REQUIRE(running.write_latency("acme", 5) == 204);
    REQUIRE(eventually([&] { return pager.actions() == std::vector<std::string>{"trigger"}; }));
    path = "/api/v1/incidents/" +
           std::string{running.get_json("/api/v1/crms/acme").at("incident").at("id").as_string()} + "/ack";
  }
  [[nodiscard]] net::ClientResponse ack(const std::string& method) const {
    return send({method,
                 running.base() + path,
                 {{"Content-Type", "application/json"}},
                 method == "POST" ? R"({"author":"jan"})" : ""});
  }
};

}  // namespace

TEST_CASE("an acknowledgement made here reaches the on-call system, and its echo changes nothing") {
  Paged paged;
  REQUIRE(paged.ack("POST").status == 200);
  REQUIRE(eventually([&] { return paged.pager.actions() == std::vector<std::string>{"trigger", "acknowledge"}; }));
  CHECK(paged.pager.newest().at("dedup_key") == "crm/acme");
  CHECK(status_of(post(paged.running, acknowledged("E1", paged.running.now()))) == "ignored");
  CHECK(ack_of(paged.running).at("author") == "jan");
  CHECK(paged.pager.actions().size() == 2);
}

TEST_CASE("an acknowledgement made there holds here, is not sent back, and cannot be replayed") {
  Paged paged;
  const std::string event = acknowledged("E1", paged.running.now());
  CHECK(status_of(post(paged.running, event)) == "acknowledged");
  CHECK(ack_of(paged.running).at("author") == "Ana");
  CHECK(ack_of(paged.running).at("from") == "pager");
  const json::array lines =
      paged.running.get_json(paged.path.substr(0, paged.path.size() - 4)).at("timeline").as_array();
  CHECK(std::any_of(lines.begin(), lines.end(),
                    [](const json::value& line) { return line.at("type") == "ack" && line.at("from") == "pager"; }));
  CHECK(status_of(post(paged.running, event)) == "ignored");
  REQUIRE(paged.ack("DELETE").status == 200);
  CHECK(status_of(post(paged.running, event)) == "ignored");
  CHECK(ack_of(paged.running).is_null());
  // Somebody there says so anew.
  CHECK(status_of(post(paged.running, acknowledged("E2", paged.running.now()))) == "acknowledged");
  recover(paged.running);
  REQUIRE(eventually([&] { return paged.pager.actions().back() == "resolve"; }));
  CHECK(paged.pager.actions() == std::vector<std::string>{"trigger", "resolve"});
}

TEST_CASE("what is not signed, not known, too old, of the future or for no receiver changes nothing") {
  Paged paged;
  const TimePoint now = paged.running.now();
  CHECK(post(paged.running, acknowledged("E1", now), "pager", "another secret").status == 403);
  CHECK(post(paged.running, acknowledged("E1", now), "nobody").status == 404);
  CHECK(status_of(post(paged.running, acknowledged("E1", now, "crm/beta"))) == "ignored");
  CHECK(status_of(post(paged.running, acknowledged("E1", now, "vendor/acme"))) == "ignored");
  CHECK(status_of(post(paged.running, acknowledged("E1", now - 61min))) == "ignored");
  CHECK(status_of(post(paged.running, acknowledged("E1", now - 10min))) == "ignored");  // before this incident
  CHECK(status_of(post(paged.running, acknowledged("E1", now + 10min))) == "ignored");
  CHECK(status_of(post(paged.running, R"({"event":{"event_type":"incident.triggered"}})")) == "ignored");
  CHECK(status_of(post(paged.running, "nonsense")) == "ignored");
  CHECK(ack_of(paged.running).is_null());
  CHECK(status_of(post(paged.running, acknowledged("E1", now))) == "acknowledged");
}

TEST_CASE("the link of a message opens the incident's page for people, in both languages and escaped") {
  Paged paged;
  const std::string link{paged.pager.newest().at("links").at(0).at("href").as_string()};
  REQUIRE(link.starts_with("https://health.example.com/incidents/"));
  REQUIRE(send({"POST",
                paged.running.base() + paged.path,
                {{"Content-Type", "application/json"}},
                R"({"author":"jan","comment":"<b>on it</b>"})"})
              .status == 200);
  const net::ClientResponse page =
      paged.running.get("/plain" + link.substr(std::string{"https://health.example.com"}.size()));
  CHECK(page.status == 200);
  CHECK(page.header("content-type").starts_with("text/html"));
  for (const char* text : {"acme", "POOR", "不良", "Looks like 初步判断", "Timeline 时间线", "jan",
                           "&lt;b&gt;on it&lt;/b&gt;", "href=\"../../page.css\""}) {
    INFO(text);
    CHECK(page.body.find(text) != std::string::npos);
  }
  CHECK(page.body.find("<b>") == std::string::npos);
  CHECK(paged.running.get("/plain/incidents/none").status == 404);
}
