// Server-sent events on a whole collector.

#include "collector/stream/stream.h"

#include <catch2/catch.hpp>

#include "tests/collector/collector_fixture.h"
#include "tests/net/support.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using Catch::Contains;
using Catch::StartsWith;
using net::test::RawClient;

namespace {

/// A page's connection: says which events it has heard.
class Page {
 public:
  explicit Page(const RunningCollector& running, const std::string& headers = "", const std::string& query = "")
      : client_(port_of(running)) {
    client_.say("GET /api/v1/stream" + query + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers + "\r\n");
  }
  /// The next event of this name; others before it are skipped.
  boost::json::value event(const std::string& name) {
    int silent = 0;  // heartbeats come for ever
    for (;;) {
      std::string one = next();
      if (value_in(one, "event: ") == "heartbeat" && ++silent > 2) throw std::runtime_error("no event " + name);
      if (one.empty()) throw std::runtime_error("the stream ended before an event " + name);
      if (const auto id = value_in(one, "id: "); !id.empty()) id_ = id;
      if (value_in(one, "event: ") == name) return boost::json::parse(value_in(one, "data: "));
    }
  }
  /// The row of the next CRM that is poor; a few others may come before it.
  boost::json::value poor() {
    constexpr int kMost = 20;
    for (int i = 0; i < kMost; ++i) {
      boost::json::value row = event("crm");
      if (row.at("state").as_string() == "poor") return row;
    }
    throw std::runtime_error("no CRM is poor");
  }
  /// What stands before the first event.
  std::string head() {
    heard_ += client_.hear_until("\r\n\r\n");
    const std::size_t end = heard_.find("\r\n\r\n") + 4;
    std::string head = heard_.substr(0, end);
    heard_.erase(0, end);
    return head;
  }
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] RawClient& client() { return client_; }

 private:
  static unsigned short port_of(const RunningCollector& running) {
    const std::string base = running.base();
    return static_cast<unsigned short>(std::stoi(base.substr(base.rfind(':') + 1)));
  }
  /// The text of the next event; empty when the stream has ended.
  std::string next() {
    std::size_t end = heard_.find("\n\n");
    while (end == std::string::npos) {
      const std::string more = client_.hear_until("\n");
      if (more.empty()) return {};
      heard_ += more;
      end = heard_.find("\n\n");
    }
    std::string one = heard_.substr(0, end + 1);
    heard_.erase(0, end + 2);
    return one;
  }
  static std::string value_in(const std::string& event, const std::string& field) {
    const std::size_t begin = ("\n" + event).find("\n" + field);
    if (begin == std::string::npos) return {};
    return event.substr(begin + field.size(), event.find('\n', begin) - begin - field.size());
  }
  RawClient client_;
  std::string heard_;
  std::string id_;
};

std::vector<std::string> names_of(const boost::json::value& fleet) {
  std::vector<std::string> names;
  for (const boost::json::value& row : fleet.at("crms").as_array()) names.emplace_back(row.at("crm").as_string());
  return names;
}

}  // namespace

TEST_CASE("a page gets all CRMs at once, and then what changes") {
  RunningCollector running;
  REQUIRE(running.write_latency("acme", 0.2) == 204);
  REQUIRE(running.write_latency("zeta", 0.2) == 204);
  REQUIRE(eventually([&] { return running.state_of("zeta") == "healthy"; }));
  Page page{running};
  CHECK_THAT(page.head(),
             StartsWith("HTTP/1.1 200") && Contains("text/event-stream") && Contains("X-Accel-Buffering: no"));
  const boost::json::value snapshot = page.event("snapshot");
  CHECK(names_of(snapshot) == std::vector<std::string>{"acme", "zeta"});
  CHECK(snapshot.at("lost_agents").as_int64() == 0);
  CHECK(snapshot.at("crms").as_array().at(0).at("strip").as_string().size() == 48);
  REQUIRE(running.write_latency("beta", 9.0) == 204);
  const boost::json::value row = page.poor();
  CHECK(row.at("crm").as_string() == "beta");
  CHECK_THAT(std::string{row.at("says").at("en").as_string()}, Contains("9"));
  CHECK(row.at("incident").is_object());
  CHECK(row.at("fault").at("why").at("zh").as_string().size() > 0);
}

TEST_CASE("a page that was cut off gets what it missed and nothing else") {
  RunningCollector running;
  REQUIRE(running.write_latency("acme", 0.2) == 204);
  REQUIRE(eventually([&] { return running.state_of("acme") == "healthy"; }));
  std::string last;
  {
    Page page{running};
    (void)page.event("snapshot");
    last = page.id();
  }
  REQUIRE(running.write_latency("beta", 9.0) == 204);
  REQUIRE(eventually([&] { return running.state_of("beta") == "poor"; }));
  const auto goes_on = [&](Page page) {
    CHECK(page.poor().at("crm").as_string() == "beta");
    CHECK(std::stoull(page.id()) > std::stoull(last));
  };
  SECTION("as browsers do") {
    goes_on(Page{running, "Last-Event-ID: " + last + "\r\n"});
  }
  SECTION("by a parameter") {
    goes_on(Page{running, "", "?after=" + last});
  }
  SECTION("an id of another process gets a snapshot") {
    Page page{running, "Last-Event-ID: 17\r\n"};
    // It may be a second old: what came since follows it.
    CHECK(names_of(page.event("snapshot")).front() == "acme");
  }
}

TEST_CASE("a forgotten CRM goes from the page") {
  RunningCollector running;
  REQUIRE(running.write_latency("acme", 0.2) == 204);
  REQUIRE(eventually([&] { return running.state_of("acme") == "healthy"; }));
  Page page{running};
  (void)page.event("snapshot");
  REQUIRE(send({"DELETE", running.base() + "/api/v1/crms/acme", {}, ""}).status == 204);
  CHECK(page.event("gone").at("crm").as_string() == "acme");
}

TEST_CASE("the fleet is answered whole, and only once while nothing changes") {
  RunningCollector running;
  REQUIRE(running.write_latency("acme", 0.2) == 204);
  REQUIRE(eventually([&] { return running.state_of("acme") == "healthy"; }));
  const net::ClientResponse first = running.get("/api/v1/fleet");
  REQUIRE(first.status == 200);
  CHECK(names_of(boost::json::parse(first.body)) == std::vector<std::string>{"acme"});
  CHECK(eventually([&] {
    const net::ClientResponse again = running.get("/api/v1/fleet");
    return send({"GET", running.base() + "/api/v1/fleet", {{"If-None-Match", std::string{again.header("etag")}}}, ""})
               .status == 304;
  }));
}

TEST_CASE("a stream ends when its session's token is revoked, and when the collector stops") {
  RunningCollector running{{"", "", "required"}};
  const std::string state = running.directory().path("state");
  const std::string viewer = create_token(state, "page", AccessRole::viewer).value();
  const std::string bearer = "Authorization: Bearer " + viewer + "\r\n";
  REQUIRE(eventually([&] {
    return send({"GET", running.base() + "/api/v1/crms", {{"Authorization", "Bearer " + viewer}}, ""}).status == 200;
  }));
  Page page{running, bearer};
  (void)page.event("snapshot");
  SECTION("revoked") {
    REQUIRE(revoke_token(state, "page").has_value());
    CHECK_THAT(page.client().hear_all(), !Contains("HTTP/1.1 500"));
  }
  SECTION("stopped") {
    running.stop();
    CHECK_THAT(page.client().hear_all(), !Contains("HTTP/1.1 500"));
  }
}
