// What every type of the table keeps, whoever adds it. Its settings stand in settings_for.h.

#include <catch2/catch.hpp>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collector/message/stored.h"
#include "collector/receivers/table.h"
#include "tests/collector/receivers/messages.h"
#include "tests/collector/receivers/settings_for.h"
#include "tests/collector/support.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

namespace json = boost::json;

const TimePoint kNow = from_unix_millis(1795252230'000);

const ReceiverContract& contract_of(const ReceiverType& type) {
  const auto known = receiver_contracts().find(type.name);
  if (known == receiver_contracts().end())
    FAIL("tests/collector/receivers/settings_for.h has no entry for " << type.name);
  return known->second;
}

std::shared_ptr<const Receiver> receiver_of(const ReceiverType& type, Language language, const char* more = "") {
  return receiver_from(fmt::format("{{name: oncall, type: {}, language: {}, {}{}}}", type.name,
                                   language == Language::zh ? "zh" : "en", contract_of(type).keys, more));
}

void gather(const json::value& value, std::string& out) {
  if (value.is_string()) {
    out += std::string_view{value.get_string()};
    out += '\n';
  } else if (value.is_array()) {
    for (const json::value& one : value.get_array()) gather(one, out);
  } else if (value.is_object()) {
    for (const auto& [key, one] : value.get_object()) gather(one, out);
  }
}

std::string body_of(const Outgoing& outgoing) {
  if (const auto* mail = std::get_if<net::MailRequest>(&outgoing)) return mail->message;
  return std::get<net::ClientRequest>(outgoing).body;
}

/// What its reader sees. A body that is not JSON with valid UTF-8 fails here.
std::string seen(const ReceiverType& type, const Outgoing& outgoing) {
  const ReceiverContract& contract = contract_of(type);
  CHECK(body_of(outgoing).size() <= contract.most);
  if (contract.seen != nullptr) return contract.seen(outgoing);
  boost::system::error_code failed;
  const json::value body = json::parse(body_of(outgoing), failed);
  REQUIRE_FALSE(failed);
  std::string out;
  gather(body, out);
  return out;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

void check_text(std::string_view type, std::string_view text, Language language) {
  const bool zh = language == Language::zh;
  CHECK(contains(text, "acme-sf"));
  CHECK(contains(text, state_words(type, language)));
  CHECK(contains(text, " UTC"));
  const bool lists =
      type == "digest" || type == "agent.lost" || type == "agent.returned" || type.starts_with("vendor.");
  if (lists) CHECK(contains(text, "bolt-sf"));
  if (type == "agent.lost") CHECK(contains(text, zh ? "监控系统自身" : "our own monitoring"));
  if (type == "vendor.outage")
    CHECK(contains(text,
                   zh ? "厂商——其状态页报告 NA45" : "the vendor — its status page reports a major incident on NA45"));
  if (type == "agent.lost" || type == "vendor.outage" || type == "delivery.dead" || type.ends_with(".trouble"))
    CHECK(contains(text, zh ? "处理建议" : "What to do"));
  if (type.starts_with("incident.")) CHECK(contains(text, type == "incident.resolved" ? "09:10" : "09:10 UTC"));
  if (!has_failing(type)) return;
  const bool poor = contains(state_words(type, Language::en), "POOR");
  if (zh) {
    CHECK(contains(text, poor ? "4.13 秒（达 3 秒为不良）" : "1.31 秒（达 1 秒为亚健康）"));
    CHECK(contains(text, "97.24%（低至 99% 为亚健康）"));
    CHECK(contains(text, "厂商——厂商状态页自 09:02 UTC 起报告 NA45 上的轻微故障"));
    CHECK(contains(text, "用 Developer Console 的 Query Plan 检查慢查询"));
  } else {
    CHECK(contains(text, poor ? "4.13 s (poor from 3 s)" : "1.31 s (sub-healthy from 1 s)"));
    CHECK(contains(text, "97.24% (sub-healthy at 99% or less)"));
    CHECK(contains(text, "the vendor — the vendor's status page reports a minor incident on NA45 since 09:02 UTC"));
    CHECK(contains(text, "Lightning Usage App"));
  }
  CHECK(contains(text, zh ? "08:55 UTC 发布版本由 252.9 变为 254.1" : "08:55 UTC release changed from 252.9 to 254.1"));
  CHECK(contains(text, "https://crm-health.example.com/incidents/01JD75ZK4GWVQ2M8R3T6Y9BCDE"));
}

net::ClientResponse answer(int status, std::string body = "", const std::string& retry_after = "") {
  net::ClientResponse response;
  response.status = status;
  response.body = std::move(body);
  if (!retry_after.empty()) response.headers.emplace_back("retry-after", retry_after);
  return response;
}

bool over_http(const Receiver& receiver) {
  const store::OutboxRow row = message("test");
  return std::holds_alternative<net::ClientRequest>(receiver.prepare({&row, 1}, kNow));
}

}  // namespace

TEST_CASE("every receiver tells every message in both languages: state, since when, value, fault, remedy, link") {
  for (const ReceiverType& type : receiver_types()) {
    for (const Language language : {Language::en, Language::zh}) {
      const auto receiver = receiver_of(type, language);
      for (const std::string& event : message_types()) {
        INFO(type.name << " " << event << (language == Language::zh ? " zh" : " en"));
        const store::OutboxRow row = message(event, {.language = language});
        const std::string text = seen(type, receiver->prepare({&row, 1}, kNow));
        if (!contract_of(type).for_people) {
          CHECK(contains(text, "acme-sf"));
        } else {
          INFO(text);
          check_text(event, text, language);
        }
      }
    }
  }
}

TEST_CASE("every receiver tells times by the clock it is given") {
  // What was put into words when the message was queued is left out.
  Message told = read_message(message("incident.reminder"));
  told.fault->why_en.clear();
  told.fault->why_zh.clear();
  store::OutboxRow row = message("incident.reminder");
  row.body = stored_message(told);
  for (const ReceiverType& type : receiver_types()) {
    INFO(type.name);
    const auto receiver = receiver_of(type, Language::en, ", time_zone: Asia/Shanghai");
    const std::string text = seen(type, receiver->prepare({&row, 1}, kNow));
    INFO(text);
    CHECK(contains(text, " Asia/Shanghai"));
    if (contract_of(type).for_people) CHECK(contains(text, "17:10 Asia/Shanghai"));
    CHECK_FALSE(contains(text, " UTC"));
  }
}

TEST_CASE("every receiver keeps its limit when texts are long and Chinese", "[slow]") {
  std::string chinese;
  while (chinese.size() < 5000) chinese += "数据库响应缓慢";
  for (const ReceiverType& type : receiver_types()) {
    const auto receiver = receiver_of(type, Language::zh);
    for (const std::string& event : message_types()) {
      INFO(type.name << " " << event);
      const store::OutboxRow row = message(event, {.long_text = chinese, .language = Language::zh});
      const std::string text = seen(type, receiver->prepare({&row, 1}, kNow));
      CHECK(contains(text, "acme-sf"));
      if (!has_failing(event) || !contract_of(type).for_people) continue;
      CHECK(contains(text, "…"));
      CHECK(contains(text, "https://crm-health.example.com/"));
    }
  }
}

TEST_CASE("every receiver with a budget tells 25 waiting messages in one request") {
  for (const ReceiverType& type : receiver_types()) {
    const auto receiver = receiver_of(type, Language::en);
    if (!receiver->budget()) continue;
    INFO(type.name);
    std::vector<store::OutboxRow> rows;
    for (int i = 10; i < 35; ++i) {
      rows.push_back(message(i % 5 == 0 ? "incident.resolved" : "incident.opened", {.crm = fmt::format("crm-{}", i)}));
    }
    const std::string text = seen(type, receiver->prepare(rows, kNow));
    for (int i = 10; i < 35; ++i) CHECK(contains(text, fmt::format("crm-{}", i)));
    if (!contract_of(type).for_people) continue;
    CHECK(contains(text, "25"));
    CHECK(contains(text, "4.13 s (poor from 3 s)"));
    // What is still wrong stands before what is over.
    CHECK(text.rfind("POOR") < text.find("HEALTHY again"));
  }
}

TEST_CASE("500 waiting messages still fit, and what is left out is counted", "[slow]") {
  for (const ReceiverType& type : receiver_types()) {
    const auto receiver = receiver_of(type, Language::zh);
    if (!receiver->budget() || !contract_of(type).for_people) continue;
    INFO(type.name);
    std::vector<store::OutboxRow> rows;
    for (int i = 0; i < 500; ++i) {
      rows.push_back(message("incident.opened", {.crm = fmt::format("crm-{}", i), .language = Language::zh}));
    }
    CHECK(contains(seen(type, receiver->prepare(rows, kNow)), "另有 "));
  }
}

TEST_CASE("no receiver throws on a body that is damaged, foreign or empty") {
  const std::vector<std::string> bodies{
      "",
      "null",
      "[]",
      "{",
      "{}",
      "\xff\xfe",
      R"({"type":7,"failing":[1,{"value":"x"}],"crms":[{}],"more":-1})",
      R"({"type":"incident.opened","failing":{},"fault":[],"incident":"x","score":"high","at":"yesterday"})",
      R"({"type":"incident.opened","crm":"a","failing":[{"dimension":"latency","value":1e308,"threshold":-1e308}]})",
      R"({"type":"something.new","crm":"acme-sf","state":"poor","text":{"en":"New.","zh":"新。"}})"};
  for (const ReceiverType& type : receiver_types()) {
    const auto receiver = receiver_of(type, Language::en);
    for (const std::string& body : bodies) {
      INFO(type.name << " " << body);
      store::OutboxRow row = message("incident.opened");
      row.body = body;
      std::string sent;
      CHECK_NOTHROW(sent = body_of(receiver->prepare({&row, 1}, kNow)));
      if (contract_of(type).for_people) CHECK(contains(seen(type, receiver->prepare({&row, 1}, kNow)), "a"));
      const std::vector<store::OutboxRow> rows(3, row);
      if (receiver->budget()) CHECK_NOTHROW(sent = body_of(receiver->prepare(rows, kNow)));
    }
  }
}

TEST_CASE("names with markup stay names") {
  const std::string hostile =
      "a\"b'c\n<!channel> <@all> <at user_id=\"all\"> </font> [x](http://evil.example) <http://evil.example|y> "
      "@everyone";
  for (const ReceiverType& type : receiver_types()) {
    if (!contract_of(type).for_people) continue;
    const auto receiver = receiver_of(type, Language::en);
    for (const std::string& event : message_types()) {
      INFO(type.name << " " << event);
      store::OutboxRow row = message(event, {.crm = hostile, .long_text = hostile});
      const std::vector<store::OutboxRow> rows(receiver->budget() ? 2 : 1, row);
      for (const std::size_t size : {std::size_t{1}, rows.size()}) {
        const Outgoing outgoing = receiver->prepare(Batch{rows}.first(size), kNow);
        if (!std::holds_alternative<net::ClientRequest>(outgoing)) continue;
        const std::string text = seen(type, outgoing);
        INFO(text);
        CHECK(contains(text, "a\"b'c"));
        if (type.name == "slack") CHECK_FALSE(contains(text, "<!channel>"));
        if (type.name == "slack") CHECK_FALSE(contains(text, "<http://evil"));
        if (type.name == "wecom") CHECK_FALSE(contains(text, "<@all>"));
        if (type.name == "dingtalk" || type.name == "wecom" || type.name == "discord")
          CHECK_FALSE(contains(text, "[x](http://evil"));
      }
    }
  }
}

TEST_CASE("every receiver over HTTP tries again after 429, 5xx and silence, and waits as it is asked") {
  for (const ReceiverType& type : receiver_types()) {
    const auto receiver = receiver_of(type, Language::en);
    if (!over_http(*receiver)) continue;
    INFO(type.name);
    for (const int status : {429, 500, 502, 503, 504, 408, 0}) {
      INFO(status);
      for (const int attempts : {1, 50}) {
        const Verdict verdict = receiver->classify(answer(status), attempts, kNow);
        CHECK(verdict.kind == Verdict::Kind::retry);
        CHECK_FALSE(verdict.why.empty());
      }
    }
    const Verdict limited = receiver->classify(answer(429, "", "70"), 1, kNow);
    REQUIRE(limited.after.has_value());
    CHECK(*limited.after >= std::chrono::seconds{70});
    CHECK(*limited.after <= std::chrono::hours{1});
    const Verdict endless = receiver->classify(answer(429, "", "999999"), 1, kNow);
    CHECK(endless.after <= std::chrono::hours{1});
  }
}

TEST_CASE("every receiver over HTTP tries again after what something before it may have refused") {
  for (const ReceiverType& type : receiver_types()) {
    const auto receiver = receiver_of(type, Language::en);
    if (!over_http(*receiver)) continue;
    for (const int status : {301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 407, 409, 421, 422, 451, 511}) {
      for (const std::string body :
           {"", "Not Found", "404 page not found\n", "forbidden", "<html>default backend</html>"}) {
        INFO(type.name << " " << status << " " << body);
        for (const int attempts : {1, 3, 50}) {
          const Verdict verdict = receiver->classify(answer(status, body), attempts, kNow);
          CHECK(verdict.kind == Verdict::Kind::retry);
          CHECK_FALSE(verdict.gone);
        }
      }
    }
    CHECK(receiver->classify(answer(410), 1, kNow).kind == Verdict::Kind::dead);
  }
}

TEST_CASE("no verdict repeats what is secret in the address, whatever the answer echoes") {
  const std::string echo = "POST /services/very-secret-part?key=another-secret failed";
  const std::vector<std::string> bodies{
      echo,
      fmt::format(R"({{"errcode":310000,"errmsg":"{0}","code":19021,"msg":"{0}","StatusCode":1,"message":"{0}"}})",
                  echo)};
  for (const ReceiverType& type : receiver_types()) {
    const auto receiver = receiver_of(type, Language::en);
    if (!over_http(*receiver)) continue;
    for (const std::string& body : bodies) {
      for (const int status : {200, 202, 204, 302, 400, 401, 403, 404, 410, 422, 429, 500}) {
        INFO(type.name << " " << status);
        const std::string why = receiver->classify(answer(status, body), 9, kNow).why;
        CHECK_FALSE(contains(why, "very-secret-part"));
        CHECK_FALSE(contains(why, "another-secret"));
      }
    }
  }
}
