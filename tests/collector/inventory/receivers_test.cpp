// Receivers as the page lists them, and test messages.

#include <atomic>
#include <catch2/catch.hpp>

#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

namespace json = boost::json;

CollectorFiles told(const Sink& sink) {
  CollectorFiles files;
  files.rules.replace(files.rules.find("settings:"), 9, "settings:\n  settle: 0s");
  files.receivers =
      fmt::format("  - {{name: oncall, type: webhook, url: \"{}\", language: zh, min_state: poor}}\n", sink.url());
  return files;
}

net::ClientResponse test_message(const RunningCollector& running, const std::string& receiver) {
  return send({"POST", running.base() + "/api/v1/receivers/" + receiver + "/test", {}, ""});
}

json::value receiver(const RunningCollector& running) {
  return running.get_json("/api/v1/receivers").at("receivers").at(0);
}

}  // namespace

TEST_CASE("a test message is delivered past the queue, and the answer says so") {
  Sink sink;
  const RunningCollector running{told(sink)};
  const auto good = test_message(running, "oncall");
  REQUIRE(good.status == 200);
  CHECK(json::parse(good.body).at("delivered").as_bool());
  CHECK(json::parse(good.body).at("code").to_number<int>() == 200);
  CHECK(json::parse(good.body).at("error").as_string().empty());
  REQUIRE(sink.requests().size() == 1);
  CHECK(json::parse(sink.requests()[0].body).at("type").as_string() == "test");
  CHECK(running.get_json("/api/v1/deliveries").at("deliveries").as_array().empty());

  sink.script({{500, {}, "no"}});
  const json::value bad = json::parse(test_message(running, "oncall").body);
  CHECK_FALSE(bad.at("delivered").as_bool());
  CHECK(bad.at("code").to_number<int>() == 500);
  CHECK_FALSE(bad.at("error").as_string().empty());
  CHECK(test_message(running, "nobody").status == 404);
}

TEST_CASE("one test message is under way at a time") {
  Sink sink;
  const RunningCollector running{told(sink)};
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  std::atomic<bool> arrived = false;
  sink.behave([released, &arrived](const net::HttpRequest&) {
    arrived = true;
    released.wait();
    return net::HttpResponse{200, {}, "ok"};
  });
  auto first = std::async(std::launch::async, [&] { return test_message(running, "oncall").status; });
  REQUIRE(eventually([&] { return arrived.load(); }));
  const auto second = test_message(running, "oncall");
  CHECK(second.status == 503);
  CHECK_FALSE(second.header("retry-after").empty());
  release.set_value();
  CHECK(first.get() == 200);
  CHECK(eventually([&] { return test_message(running, "oncall").status == 200; }));
}

TEST_CASE("a receiver is listed with what waits, what died and how the last attempts went, over a restart too") {
  Sink sink;
  RunningCollector running{told(sink)};
  const json::value idle = receiver(running);
  CHECK(idle.at("name").as_string() == "oncall");
  CHECK(idle.at("type").as_string() == "webhook");
  CHECK(idle.at("language").as_string() == "zh");
  CHECK(idle.at("min_state").as_string() == "poor");
  CHECK(idle.at("last_delivered_at").is_null());
  CHECK(idle.at("last_failure").is_null());
  CHECK(idle.at("healthy").as_bool());
  CHECK(json::serialize(idle).find("127.0.0.1") == std::string::npos);

  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually([&] { return receiver(running).at("last_delivered_at").is_string(); }));
  sink.behave([](const net::HttpRequest&) { return net::HttpResponse{410, {}, "no"}; });
  REQUIRE(running.write_latency("beta", 5) == 204);
  REQUIRE(eventually([&] { return receiver(running).at("dead").to_number<int>() == 1; }));
  const json::value failing = receiver(running);
  CHECK(failing.at("last_failure").at("code").to_number<int>() == 410);
  CHECK_FALSE(failing.at("last_failure").at("error").as_string().empty());
  CHECK_FALSE(failing.at("healthy").as_bool());
  running.stop();
  running.start();
  const json::value again = receiver(running);
  CHECK(again.at("dead").to_number<int>() == 1);
  CHECK(again.at("last_delivered_at").is_string());
  CHECK(again.at("last_failure").at("code").to_number<int>() == 410);
}
