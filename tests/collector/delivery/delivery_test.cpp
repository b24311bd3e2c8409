// The outbox on its way to receivers that do what receivers do.

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

const char* const kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

std::string receiver(const std::string& name, const std::string& url, const std::string& more = "") {
  return fmt::format("  - {{name: {}, type: webhook, url: \"{}\"{}}}\n", name, url, more);
}

std::string signed_receiver(const TempDir& secrets, const std::string& name, const std::string& url) {
  return receiver(name, url, fmt::format(", secret_file: \"{}\"", secrets.write("secret", kSecret)));
}

net::HttpResponse answer(int status, std::vector<std::pair<std::string, std::string>> headers = {}) {
  return {status, std::move(headers), ""};
}

std::string id_of(const net::HttpRequest& request) {
  return std::string{request.header("webhook-id")};
}

boost::json::array deliveries(const RunningCollector& running, const std::string& status) {
  return running.get_json("/api/v1/deliveries" + (status.empty() ? "" : "?status=" + status))
      .at("deliveries")
      .as_array();
}

CollectorFiles with(const std::string& receivers) {
  CollectorFiles files;
  files.receivers = receivers;
  return files;
}

std::vector<std::string> heard(const Sink& sink) {
  std::vector<std::string> all;
  for (const net::HttpRequest& request : sink.requests()) {
    const boost::json::value body = boost::json::parse(request.body);
    all.push_back(fmt::format("{} {}", std::string_view{body.at("type").as_string()},
                              std::string_view{body.at("state").as_string()}));
  }
  return all;
}

/// Takes the receivers that are configured now, by a reload or by a restart.
void take(RunningCollector& running, const std::string& receivers, bool by_restart) {
  running.files().receivers = receivers;
  if (by_restart) running.stop();
  running.write_files();
  if (by_restart) return running.start();
  REQUIRE(send({"POST", running.base() + "/-/reload", {}, ""}).status == 200);
}

}  // namespace

TEST_CASE("500, 500, 200: delivered once, the same id, a stamp and signature of each attempt's own", "[slow]") {
  Sink sink{{answer(500), answer(500)}};
  const TempDir secrets;
  const RunningCollector running{with(signed_receiver(secrets, "oncall", sink.url()))};
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually([&] { return deliveries(running, "delivered").size() == 1; }));
  const auto requests = sink.requests();
  REQUIRE(requests.size() == 3);
  CHECK(id_of(requests[0]) == id_of(requests[1]));
  CHECK(id_of(requests[0]) == id_of(requests[2]));
  for (const net::HttpRequest& request : requests) {
    CHECK(request.body == requests[0].body);
    CHECK(request.header("webhook-signature").starts_with("v1,"));
  }
  const boost::json::value row = deliveries(running, "delivered").at(0);
  CHECK(row.at("attempts").to_number<int>() == 3);
  CHECK(row.at("id").as_string() == id_of(requests[0]));
}

TEST_CASE("Retry-After of a 429 is waited for", "[slow]") {
  Sink sink{{answer(429, {{"Retry-After", "2"}})}};
  const RunningCollector running{with(receiver("oncall", sink.url()))};
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually([&] { return sink.requests().size() == 1; }));
  const auto first = std::chrono::steady_clock::now();
  REQUIRE(eventually([&] { return sink.requests().size() == 2; }));
  CHECK(std::chrono::steady_clock::now() - first >= std::chrono::milliseconds{1500});
}

TEST_CASE("410 is final: nothing more is sent there, another receiver hears of it") {
  Sink gone{{answer(410), answer(410)}};
  Sink other;
  const RunningCollector running{with(receiver("gone", gone.url()) + receiver("other", other.url()))};
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually([&] { return deliveries(running, "dead").size() == 1; }));
  REQUIRE(eventually([&] { return other.requests().size() == 2; }));
  bool told = false;
  for (const net::HttpRequest& request : other.requests()) {
    const boost::json::value body = boost::json::parse(request.body);
    told = told || (body.at("type").as_string() == "delivery.dead" && body.at("receiver").as_string() == "gone");
  }
  CHECK(told);
  REQUIRE(running.write_latency("bcme", 5) == 204);
  REQUIRE(eventually([&] { return deliveries(running, "dead").size() == 2; }));
  CHECK(gone.requests().size() == 1);
}

TEST_CASE("case 85: a redirect is not followed, it is a failure and tried again", "[slow]") {
  Sink trap;
  Sink sink{{answer(302, {{"Location", trap.url()}}), answer(302, {{"Location", trap.url()}}),
             answer(302, {{"Location", trap.url()}})}};
  const RunningCollector running{with(receiver("oncall", sink.url()))};
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually([&] { return deliveries(running, "delivered").size() == 1; }));
  CHECK(sink.requests().size() == 4);
  CHECK(trap.requests().empty());
  const boost::json::value row = deliveries(running, "delivered").at(0);
  CHECK(row.at("attempts").to_number<int>() == 4);
  CHECK(boost::json::serialize(row).find("secret-part") == std::string::npos);
}

TEST_CASE("a dead receiver does not delay another") {
  Sink alive;
  const RunningCollector running{with(receiver("dead", "http://127.0.0.1:1/") + receiver("alive", alive.url()))};
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually([&] { return alive.requests().size() == 1; }));
  const boost::json::array pending = deliveries(running, "");
  CHECK(pending.size() == 2);
}

TEST_CASE("a message that waits for its receiver is sent after a restart, with the same id") {
  Sink sink{{answer(503, {{"Retry-After", "3600"}})}};
  RunningCollector running{with(receiver("oncall", sink.url()))};
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually([&] { return sink.requests().size() == 1; }));
  REQUIRE(eventually([&] { return deliveries(running, "pending").size() == 1; }));
  running.stop();
  running.start();
  CHECK(deliveries(running, "pending").size() == 1);
  CHECK(sink.requests().size() == 1);
}

TEST_CASE("a receiver hears only of the CRMs and levels it selected, in its language") {
  Sink pager;
  Sink chat;
  Sink elsewhere;
  const RunningCollector running{with(receiver("pager", pager.url(), ", min_state: poor") +
                                      receiver("chat", chat.url(), ", language: zh") +
                                      receiver("elsewhere", elsewhere.url(), ", only: {kind: [salesforce]}"))};
  REQUIRE(running.write_latency("acme", 1.5) == 204);
  REQUIRE(eventually([&] { return chat.requests().size() == 1; }));
  REQUIRE(running.write_latency("bcme", 5) == 204);
  REQUIRE(eventually([&] { return pager.requests().size() == 1; }));
  REQUIRE(eventually([&] { return chat.requests().size() == 2; }));
  CHECK(boost::json::parse(pager.requests()[0].body).at("crm").as_string() == "bcme");
  CHECK(boost::json::parse(chat.requests()[0].body).at("fault").at("why").as_string() == "数据库响应缓慢");
  CHECK(elsewhere.requests().empty());
}

TEST_CASE("a dead message can be sent again by hand", "[slow]") {
  Sink sink{{answer(410)}};
  const RunningCollector running{with(receiver("oncall", sink.url()))};
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually([&] { return deliveries(running, "dead").size() == 1; }));
  const std::string id{deliveries(running, "dead").at(0).at("id").as_string()};
  CHECK(send({"POST", running.base() + "/api/v1/deliveries/nothing/retry", {}, ""}).status == 404);
  CHECK(send({"POST", running.base() + "/api/v1/deliveries/" + id + "/retry", {}, ""}).status == 202);
  CHECK(eventually([&] { return deliveries(running, "delivered").size() == 1; }));
  CHECK(id_of(sink.requests().back()) == id);
}

TEST_CASE("a receiver that was taken out during an incident and is put back hears one message, of the state of today",
          "[slow]") {
  const bool by_restart = GENERATE(false, true);
  struct Case {
    double meanwhile;  ///< seconds a search takes while it is out
    std::vector<std::string> hears;
  };
  for (const Case& one :
       {Case{5, {"incident.opened poor"}}, Case{1.5, {"incident.opened sub_healthy"}}, Case{0.1, {}}}) {
    INFO(one.meanwhile << (by_restart ? " restarted" : " reloaded"));
    Sink out;
    Sink stays;
    const std::string staying = receiver("stays", stays.url());
    const std::string both = staying + receiver("out", out.url());
    RunningCollector running{with(both)};
    REQUIRE(running.write_latency("acme", 5) == 204);
    REQUIRE(eventually([&] { return out.requests().size() == 1 && stays.requests().size() == 1; }));
    take(running, staying, by_restart);
    // It ends where this says, however long that takes: recovery counts the seconds of samples.
    const std::string expected = one.meanwhile > 3 ? "poor" : one.meanwhile > 1 ? "sub_healthy" : "healthy";
    REQUIRE(eventually([&] {
      return running.write_latency("acme", one.meanwhile, 1) == 204 && running.state_of("acme") == expected;
    }));
    const std::size_t told = out.requests().size();
    CHECK(told == 1);
    take(running, both, by_restart);
    // Whatever is due is told before this next incident is, which both hear.
    REQUIRE(running.write_latency("next", 5) == 204);
    REQUIRE(eventually([&] {
      const auto all = out.requests();
      return std::any_of(all.begin(), all.end(), [](const net::HttpRequest& request) {
        return request.body.find("\"next\"") != std::string::npos;
      });
    }));
    std::vector<std::string> about_acme;
    const auto all = out.requests();
    const auto lines = heard(out);
    for (std::size_t i = told; i < all.size(); ++i) {
      if (all[i].body.find("\"acme\"") != std::string::npos) about_acme.push_back(lines[i]);
    }
    CHECK(about_acme == one.hears);
  }
}
