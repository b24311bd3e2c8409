// A whole collector and stand-ins that answer as the vendors do.

#include <catch2/catch.hpp>

#include "tests/collector/collector_fixture.h"
#include "tests/collector/delivery/delivery_bench.h"
#include "tests/collector/receivers/messages.h"
#include "tests/collector/receivers/vendors.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

std::string chat(const std::string& type, const Sink& sink, const std::string& more = "") {
  return fmt::format("  - {{name: {0}, type: {0}, url: \"{1}\"{2}}}\n", type, sink.url(), more);
}

CollectorFiles with(const std::string& receivers) {
  CollectorFiles files;
  files.receivers = receivers;
  return files;
}

boost::json::array deliveries(const RunningCollector& running, const std::string& status) {
  return running.get_json("/api/v1/deliveries?status=" + status).at("deliveries").as_array();
}

/// A chat that signs, alone on a clock of its own; the stand-in for its vendor looks at the same clock.
struct SigningChat {
  explicit SigningChat(const std::string& type)
      : bench{{DeliveryBench::named(
            type, receiver_from(fmt::format("{{name: {0}, type: {0}, url: \"{1}\", secret_file: \"{2}\"}}", type,
                                            sink.url(), secrets.write("secret", std::string{kChatSecret}))))}} {
    const VendorClock clock = [this] { return bench.clock().now(); };
    sink.behave(type == "dingtalk" ? dingtalk_robot(clock) : feishu_bot(clock));
  }
  TempDir secrets;
  Sink sink;
  DeliveryBench bench;
};

net::HttpResponse answer(const std::string& body) {
  return {200, {}, body};
}

}  // namespace

TEST_CASE("every chat takes the message of a real incident, and of its end") {
  for (const std::string type : {"slack", "teams", "dingtalk", "wecom", "feishu", "discord"}) {
    INFO(type);
    Sink sink;
    sink.behave(vendor_of(type));
    const TempDir secrets;
    const bool signs = type == "dingtalk" || type == "feishu";
    const std::string secret =
        signs ? fmt::format(", secret_file: \"{}\"", secrets.write("secret", std::string{kChatSecret})) : "";
    const RunningCollector running{with(chat(type, sink, ", language: zh" + secret))};
    REQUIRE(running.write_latency("acme", 5) == 204);
    REQUIRE(eventually([&] { return deliveries(running, "delivered").size() == 1; }));
    REQUIRE(sink.requests().size() == 1);
    const std::string body = sink.requests()[0].body;
    for (const char* part : {"acme", "不良", "5 秒（达 3 秒为不良）", "数据库响应缓慢", "优化架构、升级硬件"}) {
      INFO(part);
      CHECK(body.find(part) != std::string::npos);
    }
  }
}

TEST_CASE("200 with an error inside is not a delivery, and another receiver hears of it") {
  struct Case {
    std::string type;
    std::string body;
    std::string why;
  };
  const std::vector<Case> cases{{"slack", "invalid_payload", "invalid_payload"},
                                {"dingtalk", R"({"errcode":310000,"errmsg":"keywords not in content"})", "310000"},
                                {"feishu", R"({"code":19021,"msg":"sign match fail"})", "19021"},
                                {"wecom", R"({"errcode":93000,"errmsg":"invalid webhook url"})", "93000"},
                                {"teams", "Microsoft Teams endpoint returned HTTP error 404", "404"}};
  for (const Case& one : cases) {
    INFO(one.type);
    Sink sink{{answer(one.body)}};
    Sink other;
    const RunningCollector running{
        with(chat(one.type, sink) + fmt::format("  - {{name: other, type: webhook, url: \"{}\"}}\n", other.url()))};
    REQUIRE(running.write_latency("acme", 5) == 204);
    REQUIRE(eventually([&] { return deliveries(running, "dead").size() == 1; }));
    const boost::json::value row = deliveries(running, "dead").at(0);
    CHECK(row.at("attempts").to_number<int>() == 1);
    CHECK(std::string{row.at("last_error").as_string()}.find(one.why) != std::string::npos);
    CHECK(boost::json::serialize(row).find("secret-part") == std::string::npos);
    REQUIRE(eventually([&] { return other.requests().size() == 2; }));
  }
}

TEST_CASE("200 that says too fast is tried again later") {
  struct Case {
    std::string type;
    std::string body;
  };
  const std::vector<Case> cases{{"dingtalk", R"({"errcode":130101,"errmsg":"send too fast"})"},
                                {"feishu", R"({"code":11232,"msg":"frequency limited"})"},
                                {"wecom", R"({"errcode":45009,"errmsg":"api freq out of limit"})"}};
  for (const Case& one : cases) {
    INFO(one.type);
    Sink sink{{answer(one.body)}};
    const RunningCollector running{with(chat(one.type, sink))};
    REQUIRE(running.write_latency("acme", 5) == 204);
    REQUIRE(eventually([&] {
      const auto pending = deliveries(running, "pending");
      return pending.size() == 1 && pending.at(0).at("attempts").to_number<int>() == 1;
    }));
    CHECK(sink.requests().size() == 1);
  }
}

TEST_CASE("a Teams connector that says HTTP error 429 inside a 200 is asked again", "[slow]") {
  Sink sink{{answer("Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429")}};
  sink.behave(teams_workflow());
  const RunningCollector running{with(chat("teams", sink))};
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually([&] { return deliveries(running, "delivered").size() == 1; }));
  CHECK(sink.requests().size() == 2);
}

TEST_CASE("case 81: of 25 messages in a minute DingTalk gets at most 15, the rest as a list, and never says too fast") {
  SigningChat chat{"dingtalk"};
  chat.bench.pass(std::chrono::seconds{61});
  for (int i = 0; i < 25; ++i) {
    const std::string crm = fmt::format("crm-{}", i);
    chat.bench.tell({chat.bench.row("dingtalk", "crm/" + crm, 1, "incident.opened",
                                    message("incident.opened", {.crm = crm}).body)});
    chat.bench.quiet();
    chat.bench.pass(std::chrono::seconds{2});
  }
  CHECK(chat.sink.requests().size() <= 15);
  chat.bench.pass_slowly(std::chrono::seconds{15});
  CHECK(chat.bench.count(store::DeliveryStatus::delivered) == 25);
  std::string told;
  for (const net::HttpRequest& request : chat.sink.requests()) told += request.body;
  for (int i = 0; i < 25; ++i) CHECK(told.find(fmt::format("crm-{} — POOR", i)) != std::string::npos);
  CHECK(told.find("messages at once") != std::string::npos);
  for (const store::OutboxRow& row : chat.bench.rows(store::DeliveryStatus::delivered)) CHECK(row.attempts == 1);
}

TEST_CASE("case 82: a message that waited 70 minutes for DingTalk or Feishu is taken, because it is signed when sent") {
  for (const std::string type : {"dingtalk", "feishu"}) {
    INFO(type);
    SigningChat chat{type};
    chat.sink.script({{503, {{"Retry-After", "3600"}}, ""}});
    chat.bench.tell({chat.bench.row(type, "crm/acme", 1, "incident.opened", message("incident.opened").body)});
    chat.bench.quiet();
    CHECK(chat.sink.requests().size() == 1);
    chat.bench.pass(std::chrono::minutes{70});
    CHECK(chat.bench.count(store::DeliveryStatus::delivered) == 1);
    REQUIRE(chat.sink.requests().size() == 2);
  }
}
