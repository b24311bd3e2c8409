// What is special about each chat: signatures, the meaning of its answers, limits, whom it calls.

#include <catch2/catch.hpp>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collector/receivers/chat/chat.h"
#include "tests/collector/receivers/messages.h"
#include "tests/collector/support.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

namespace json = boost::json;
using Kind = Verdict::Kind;

const TimePoint kNow = from_unix_millis(1795252230'000);

std::shared_ptr<const Receiver> chat(const std::string& type, const std::string& more = "",
                                     const std::string& url = "https://example.com/robot/send?access_token=abcdefgh") {
  return receiver_from(fmt::format("{{name: oncall, type: {}, url: \"{}\"{}}}", type, url, more));
}

/// With a secret from a file.
std::shared_ptr<const Receiver> signing(const std::string& type, const std::string& secret) {
  const TempDir directory;
  return chat(type, fmt::format(", secret_file: \"{}\"", directory.write("secret", secret)));
}

net::ClientRequest request_of(const Receiver& receiver, std::span<const store::OutboxRow> rows, TimePoint wall = kNow) {
  return std::get<net::ClientRequest>(receiver.prepare(rows, wall));
}

net::ClientRequest request_of(const Receiver& receiver, const store::OutboxRow& row, TimePoint wall = kNow) {
  return request_of(receiver, std::span{&row, 1}, wall);
}

json::value body_of(const Receiver& receiver, const store::OutboxRow& row) {
  return json::parse(request_of(receiver, row).body);
}

struct Answer {
  int status;
  std::string body;
  std::string retry_after = {};
};

Verdict verdict_of(const Receiver& receiver, const Answer& given, int attempts = 1) {
  net::ClientResponse response;
  response.status = given.status;
  response.body = given.body;
  if (!given.retry_after.empty()) response.headers.emplace_back("retry-after", given.retry_after);
  return receiver.classify(response, attempts, kNow);
}

}  // namespace

TEST_CASE("case 76: what each chat means by its answers") {
  struct Case {
    const char* type;
    Answer answer;
    Kind first;  ///< the verdict on the first attempt
    Kind third;  ///< and on the third
  };
  const std::vector<Case> cases{
      {"slack", {200, "ok"}, Kind::delivered, Kind::delivered},
      {"slack", {200, "invalid_payload"}, Kind::dead, Kind::dead},
      {"slack", {200, "<html>proxy</html>"}, Kind::retry, Kind::retry},
      {"slack", {200, "rate_limited"}, Kind::retry, Kind::retry},
      {"slack", {400, "invalid_blocks"}, Kind::dead, Kind::dead},
      {"slack", {403, "action_prohibited"}, Kind::dead, Kind::dead},
      {"slack", {404, "channel_not_found"}, Kind::dead, Kind::dead},
      {"slack", {404, "no_service"}, Kind::dead, Kind::dead},
      {"slack", {410, "channel_is_archived"}, Kind::dead, Kind::dead},
      {"teams", {202, ""}, Kind::delivered, Kind::delivered},
      {"teams", {200, "1"}, Kind::delivered, Kind::delivered},
      {"teams",
       {200, "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"},
       Kind::retry,
       Kind::retry},
      {"teams", {200, "returned HTTP error 503 with ContextId"}, Kind::retry, Kind::retry},
      {"teams", {200, "returned HTTP error 413 with ContextId"}, Kind::dead, Kind::dead},
      {"teams", {400, R"({"error":{"code":"TriggerInputSchemaMismatch"}})"}, Kind::dead, Kind::dead},
      {"teams", {401, R"({"error":{"code":"DirectApiAuthorizationRequired"}})"}, Kind::dead, Kind::dead},
      {"teams", {404, R"({"error":{"code":"WorkflowNotFound","message":"gone"}})"}, Kind::dead, Kind::dead},
      {"dingtalk", {200, R"({"errcode":0,"errmsg":"ok"})"}, Kind::delivered, Kind::delivered},
      {"dingtalk", {200, R"({"errcode":310000,"errmsg":"sign not match"})"}, Kind::dead, Kind::dead},
      {"dingtalk", {200, R"({"errcode":400013,"errmsg":"group gone"})"}, Kind::dead, Kind::dead},
      {"dingtalk", {200, R"({"errcode":400101,"errmsg":""})"}, Kind::dead, Kind::dead},
      {"dingtalk", {200, R"({"errcode":400102,"errmsg":""})"}, Kind::dead, Kind::dead},
      {"dingtalk", {200, R"({"errcode":400105,"errmsg":""})"}, Kind::dead, Kind::dead},
      {"dingtalk", {200, R"({"errcode":400106,"errmsg":""})"}, Kind::dead, Kind::dead},
      {"dingtalk", {200, R"({"errcode":430102,"errmsg":""})"}, Kind::dead, Kind::dead},
      {"dingtalk", {200, R"({"errcode":40035,"errmsg":""})"}, Kind::dead, Kind::dead},
      {"dingtalk", {200, R"({"errcode":130101,"errmsg":"send too fast"})"}, Kind::retry, Kind::retry},
      {"dingtalk", {200, R"({"errcode":410100,"errmsg":"send too fast"})"}, Kind::retry, Kind::retry},
      {"dingtalk", {200, R"({"errcode":-1,"errmsg":"busy"})"}, Kind::retry, Kind::retry},
      {"dingtalk", {200, R"({"errcode":99,"errmsg":"new"})"}, Kind::retry, Kind::retry},
      {"dingtalk", {200, "<html>"}, Kind::retry, Kind::retry},
      {"wecom", {200, R"({"errcode":0,"errmsg":"ok"})"}, Kind::delivered, Kind::delivered},
      {"wecom", {200, R"({"errcode":45009,"errmsg":"api freq out of limit"})"}, Kind::retry, Kind::retry},
      {"wecom", {200, R"({"errcode":-1,"errmsg":"busy"})"}, Kind::retry, Kind::retry},
      {"wecom", {200, R"({"errcode":93000,"errmsg":"invalid webhook url"})"}, Kind::dead, Kind::dead},
      {"wecom", {200, R"({"errcode":40058,"errmsg":"exceed max length"})"}, Kind::dead, Kind::dead},
      {"wecom", {200, "not json"}, Kind::retry, Kind::retry},
      {"feishu", {200, R"({"code":0,"msg":"success","data":{}})"}, Kind::delivered, Kind::delivered},
      {"feishu", {200, R"({"StatusCode":0,"StatusMessage":"success"})"}, Kind::delivered, Kind::delivered},
      {"feishu", {200, R"({"code":19021,"msg":"sign match fail"})"}, Kind::dead, Kind::dead},
      {"feishu", {200, R"({"code":19022,"msg":"ip not allowed"})"}, Kind::dead, Kind::dead},
      {"feishu", {200, R"({"code":19024,"msg":"key words not found"})"}, Kind::dead, Kind::dead},
      {"feishu", {200, R"({"code":11232,"msg":"frequency limited"})"}, Kind::retry, Kind::retry},
      {"feishu", {400, R"({"code":11232,"msg":"frequency limited"})"}, Kind::retry, Kind::retry},
      {"feishu", {200, R"({"code":9499,"msg":"bad request"})"}, Kind::retry, Kind::retry},
      {"feishu", {200, R"({"StatusCode":0,"code":19021})"}, Kind::dead, Kind::dead},
      {"feishu", {200, "{}"}, Kind::retry, Kind::retry},
      {"feishu", {404, "not found"}, Kind::retry, Kind::retry},
      {"discord", {204, ""}, Kind::delivered, Kind::delivered},
      {"discord", {200, R"({"id":"1"})"}, Kind::delivered, Kind::delivered},
      {"discord", {400, R"({"code":50006,"message":"Cannot send an empty message"})"}, Kind::dead, Kind::dead},
      {"discord", {401, R"({"code":50027,"message":"Invalid Webhook Token"})"}, Kind::dead, Kind::dead},
      {"discord", {403, R"({"code":50013,"message":"Missing Permissions"})"}, Kind::dead, Kind::dead},
      {"discord", {404, R"({"code":10015,"message":"Unknown Webhook"})"}, Kind::dead, Kind::dead},
      {"discord", {404, R"({"code":0,"message":"404: Not Found"})"}, Kind::retry, Kind::retry},
      {"discord", {429, R"({"retry_after":2.5})"}, Kind::retry, Kind::retry},
  };
  for (const Case& one : cases) {
    INFO(one.type << " " << one.answer.status << " " << one.answer.body);
    const auto receiver = chat(one.type);
    CHECK(verdict_of(*receiver, one.answer, 1).kind == one.first);
    CHECK(verdict_of(*receiver, one.answer, 3).kind == one.third);
  }
}

TEST_CASE("a retired Teams connector that answers 200 without a number has not delivered") {
  const auto connector = chat("teams", "", "https://contoso.webhook.office.com/webhookb2/a/IncomingWebhook/b/c");
  CHECK(verdict_of(*connector, {200, "1"}).kind == Kind::delivered);
  CHECK(verdict_of(*connector, {200, "something else"}).kind == Kind::retry);
  CHECK(verdict_of(*connector, {200, "something else"}, 3).kind == Kind::retry);
  CHECK(verdict_of(*connector, {200, ""}).kind == Kind::retry);
}

TEST_CASE("DingTalk is left alone for ten minutes after it said too fast") {
  const auto robot = chat("dingtalk");
  CHECK(verdict_of(*robot, {200, R"({"errcode":130101,"errmsg":"too fast"})"}).after == std::chrono::minutes{10});
  CHECK(verdict_of(*robot, {200, R"({"errcode":410100,"errmsg":"too fast"})"}).after == std::chrono::minutes{10});
  CHECK(verdict_of(*robot, {429, "", "7"}).after == std::chrono::minutes{10});
  CHECK(verdict_of(*robot, {429, "", "1200"}).after == std::chrono::minutes{20});
  CHECK(verdict_of(*robot, {200, R"({"errcode":-1,"errmsg":"busy"})"}).after == std::nullopt);
}

TEST_CASE("Discord's header is believed before its body, between a second and ten minutes") {
  const auto hook = chat("discord");
  CHECK(verdict_of(*hook, {429, R"({"retry_after":64571})", "65"}).after == std::chrono::seconds{65});
  CHECK(verdict_of(*hook, {429, R"({"retry_after":2.5})"}).after == Duration{2500});
  CHECK(verdict_of(*hook, {429, R"({"retry_after":64571})"}).after == std::chrono::minutes{10});
  CHECK(verdict_of(*hook, {429, "", "0.337"}).after == std::chrono::seconds{1});
  CHECK(verdict_of(*hook, {429, "", "1.5"}).after == Duration{1500});
  CHECK(verdict_of(*hook, {429, "", "86400"}).after == std::chrono::minutes{10});
  CHECK(verdict_of(*hook, {429, "nonsense"}).after == std::nullopt);
}

TEST_CASE("an address Discord or Slack calls gone is asked no more") {
  const std::string unknown = R"({"code":10015,"message":"Unknown Webhook"})";
  for (const int status : {401, 403, 404}) CHECK(verdict_of(*chat("discord"), {status, unknown}).gone);
  CHECK_FALSE(verdict_of(*chat("discord"), {400, unknown}).gone);
  CHECK(verdict_of(*chat("slack"), {410, "channel_is_archived"}).gone);
  CHECK_FALSE(verdict_of(*chat("slack"), {404, "channel_not_found"}).gone);
}

TEST_CASE("DingTalk's signature is that of the vector, in milliseconds and in the query") {
  const auto robot = signing("dingtalk", "SECdemo-not-a-real-secret");
  const auto request = request_of(*robot, message("test"), from_unix_millis(1700000000000));
  CHECK(request.url ==
        "https://example.com/robot/send?access_token=abcdefgh&timestamp=1700000000000"
        "&sign=pTR5euJ0NUd5Df2SOs3oJ1Ct4%2FKFqlTNs6%2FqltIHlN8%3D");
  CHECK(request_of(*chat("dingtalk"), message("test")).url == "https://example.com/robot/send?access_token=abcdefgh");
}

TEST_CASE("Feishu's signature is that of the vector, in seconds and in the body, and not DingTalk's") {
  const auto bot = signing("feishu", "demo-not-a-real-secret");
  const json::value body = json::parse(request_of(*bot, message("test"), from_unix_millis(1700000000'000)).body);
  CHECK(body.at("timestamp").as_string() == "1700000000");
  CHECK(body.at("sign").as_string() == "CKtfOQ323nGanp0nUIvuc9DwPuC+r725GeAKt2xFKnE=");
  CHECK(body.at("sign").as_string() != "TkfQE2ffh0mzaG1PEcGYz0ni1UvO5VEz/jXbDbL842s=");
  CHECK_FALSE(body_of(*chat("feishu"), message("test")).as_object().contains("sign"));
}

TEST_CASE("a message that waited 70 minutes is signed when it is sent") {
  const TimePoint later = kNow + std::chrono::minutes{70};
  const auto robot = signing("dingtalk", "SECdemo-not-a-real-secret");
  const auto bot = signing("feishu", "demo-not-a-real-secret");
  const store::OutboxRow row = message("incident.opened");
  CHECK(request_of(*robot, row, kNow).url != request_of(*robot, row, later).url);
  CHECK(request_of(*robot, row, later).url.find(std::to_string(unix_millis(later))) != std::string::npos);
  const json::value body = json::parse(request_of(*bot, row, later).body);
  CHECK(body.at("timestamp").as_string() == std::to_string(unix_millis(later) / 1000));
}

TEST_CASE("case 83: WeCom never gets more than 4,096 bytes of markdown or 2,048 of text, cut between characters") {
  std::string chinese;
  while (chinese.size() < 5000) chinese += "数据库响应缓慢";
  const store::OutboxRow row =
      message("incident.opened", {.crm = chinese, .long_text = chinese, .language = Language::zh});
  const json::value markdown = body_of(*chat("wecom", ", language: zh"), row);
  CHECK(markdown.at("msgtype").as_string() == "markdown");
  const std::string content{markdown.at("markdown").at("content").as_string()};
  CHECK(content.size() <= 4096);
  CHECK(content.size() > 1500);
  CHECK(content.find("…") != std::string::npos);
  const json::value text = body_of(*chat("wecom", ", language: zh, mention: [\"13800000000\"]"), row);
  CHECK(text.at("msgtype").as_string() == "text");
  CHECK(text.at("text").at("content").as_string().size() <= 2048);
}

TEST_CASE("texts are cut between characters, counted as the vendor counts") {
  CHECK(cut("abc", 3, Count::bytes) == "abc");
  CHECK(cut("数据库", 9, Count::bytes) == "数据库");
  CHECK(cut("数据库慢", 9, Count::bytes) == "数据…");
  CHECK(cut("数据库慢", 10, Count::bytes) == "数据…");
  CHECK(cut("数据库慢", 3, Count::characters) == "数据…");
  CHECK(length("🔴", Count::characters) == 2);
  CHECK(cut("🔴🔴🔴", 4, Count::characters) == "🔴…");
}

TEST_CASE("Slack's header, sections and blocks keep their limits") {
  const std::string amps(400, '&');
  const store::OutboxRow row = message("incident.opened", {.crm = amps, .long_text = amps});
  const json::value body = body_of(*chat("slack"), row);
  const json::array& blocks = body.at("blocks").as_array();
  CHECK(blocks.size() <= 50);
  const std::string header{blocks.at(0).at("text").at("text").as_string()};
  CHECK(length(header, Count::characters) <= 150);
  CHECK(header.find("&amp;&amp;") != std::string::npos);
  for (std::size_t at = header.find('&'); at != std::string::npos; at = header.find('&', at + 1))
    CHECK(header.substr(at, 5) == "&amp;");
  for (const json::value& block : blocks) {
    const json::object& object = block.as_object();
    if (object.at("type") == "section" && object.contains("text"))
      CHECK(length(object.at("text").at("text").as_string(), Count::characters) <= 3000);
    if (object.contains("fields")) CHECK(object.at("fields").as_array().size() <= 10);
  }
}

TEST_CASE("Discord pings nobody and keeps its limits") {
  std::string stars(2000, '*');
  const json::value body =
      body_of(*chat("discord"), message("incident.opened", {.crm = "@everyone " + stars, .long_text = stars}));
  CHECK(body.at("allowed_mentions").at("parse").as_array().empty());
  const json::value& embed = body.at("embeds").at(0);
  CHECK(length(embed.at("title").as_string(), Count::characters) <= 256);
  CHECK(length(embed.at("description").as_string(), Count::characters) <= 4096);
  CHECK(request_of(*chat("discord"), message("test")).url.ends_with("&wait=true"));
}

TEST_CASE("somebody is called by phone for poor only") {
  const auto robot = chat("dingtalk", ", mention: [\"13800000000\", \"13900000000\"]");
  const json::value page = body_of(*robot, message("incident.opened"));
  CHECK(page.at("at").at("atMobiles").as_array().size() == 2);
  CHECK(page.at("at").at("isAtAll").as_bool() == false);
  CHECK(std::string{page.at("markdown").at("text").as_string()}.ends_with("@13800000000 @13900000000"));
  for (const char* calm : {"incident.improved", "incident.resolved", "test"})
    CHECK_FALSE(body_of(*robot, message(calm)).as_object().contains("at"));
  CHECK(body_of(*chat("dingtalk", ", mention: all"), message("incident.opened")).at("at").at("isAtAll").as_bool());

  const auto group = chat("wecom", ", mention: [\"13800000000\", all]");
  const json::value called = body_of(*group, message("incident.opened"));
  CHECK(called.at("msgtype").as_string() == "text");
  CHECK(json::serialize(called.at("text").at("mentioned_mobile_list")) == R"(["13800000000","@all"])");
  CHECK(body_of(*group, message("incident.resolved")).at("msgtype").as_string() == "markdown");
}

TEST_CASE("a robot that wants a keyword gets it") {
  for (const char* type : {"dingtalk", "feishu"}) {
    INFO(type);
    const store::OutboxRow row = message("incident.opened");
    CHECK(request_of(*chat(type, ", keyword: 监控报警"), row).body.find("监控报警") != std::string::npos);
    CHECK(request_of(*chat(type), row).body.find("监控报警") == std::string::npos);
  }
}

TEST_CASE("who is neither a phone number nor all is refused") {
  for (const char* wrong : {"[bob]", "[\"+\"]", "[\"138 0000\"]", "[\"123456789012345678901\"]"}) {
    INFO(wrong);
    CHECK_THROWS(chat("dingtalk", fmt::format(", mention: {}", wrong)));
    CHECK_THROWS(chat("wecom", fmt::format(", mention: {}", wrong)));
  }
}

TEST_CASE("each chat is told no more than it takes") {
  const auto rate = [](const char* type) {
    const auto budget = chat(type)->budget();
    return budget ? fmt::format("{} in {}", budget->messages, format_duration(budget->per)) : "as it answers";
  };
  CHECK(rate("slack") == "1 in 1s");
  CHECK(rate("teams") == "4 in 1s");
  CHECK(rate("dingtalk") == "15 in 1m");
  CHECK(rate("wecom") == "15 in 1m");
  CHECK(rate("feishu") == "4 in 2s700ms");
  CHECK(rate("discord") == "as it answers");
}

TEST_CASE("a list tells the newest of each CRM") {
  const std::vector<store::OutboxRow> rows{message("incident.opened"), message("incident.opened", {.crm = "bolt"}),
                                           message("incident.resolved")};
  const json::value body = json::parse(request_of(*chat("dingtalk"), rows).body);
  const std::string text{body.at("markdown").at("text").as_string()};
  CHECK(text.find("acme-sf — HEALTHY again") != std::string::npos);
  CHECK(text.find("acme-sf — POOR") == std::string::npos);
  CHECK(text.find("bolt — POOR") < text.find("acme-sf"));
}
