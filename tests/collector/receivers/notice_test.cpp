#include "collector/notice/notice.h"

#include <catch2/catch.hpp>

#include <boost/json.hpp>

#include "collector/text/value_text.h"
#include "core/text/printable.h"
#include "tests/collector/receivers/messages.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

Notice notice_of(const std::string& type, Language language = Language::en) {
  return read_notice(message(type, {.language = language}), language);
}

/// The message with one more or another key.
Notice with(const std::string& type, std::string_view key, boost::json::value value, Language language = Language::en) {
  store::OutboxRow row = queued_as_json(type, {.language = language});
  boost::json::object body = boost::json::parse(row.body).as_object();
  body[key] = std::move(value);
  row.body = boost::json::serialize(body);
  return read_notice(row, language);
}

std::string value_of(const std::vector<Fact>& facts, std::string_view name) {
  for (const Fact& fact : facts) {
    if (fact.name == name) return fact.value;
  }
  return "";
}

}  // namespace

TEST_CASE("values are written for people") {
  const auto en = [](double value, const char* unit) { return value_text(value, unit, Language::en); };
  CHECK(en(4.134, "seconds") == "4.13 s");
  CHECK(en(0.0834, "seconds") == "83.4 ms");
  CHECK(en(3.0, "seconds") == "3 s");
  CHECK(en(150, "seconds") == "2.5 min");
  CHECK(en(3600, "seconds") == "1 h");
  CHECK(en(93600, "seconds") == "26 h");
  CHECK(en(14 * 86400, "seconds") == "14 d");
  CHECK(en(-3 * 86400, "seconds") == "3 d to go");
  CHECK(en(0, "seconds") == "0 s");
  CHECK(en(0.9724, "ratio") == "97.24%");
  CHECK(en(0.25, "ratio") == "25%");
  CHECK(en(3, "count") == "3");
  CHECK(en(912345.6, "count") == "912,346");
  CHECK(en(-1234567, "") == "-1,234,567");
  CHECK(en(1e21, "count") == "1,000,000,000,000,000,000,000");
  CHECK(en(12.5, "records/s") == "12.5 records/s");
  CHECK(en(14.4, "burn_rate") == "14.4 times the error budget");
  CHECK(en(std::numeric_limits<double>::infinity(), "seconds") == "?");
  CHECK(value_text(150, "seconds", Language::zh) == "2.5 分钟");
  CHECK(value_text(-86400 * 3, "seconds", Language::zh) == "还有 3 天");
}

TEST_CASE("a value stands against its threshold, never rounded onto it") {
  const auto en = [](double value, double threshold, Worse worse, const char* unit) {
    return against_threshold(value, threshold, worse, Level::poor, unit, Language::en);
  };
  CHECK(en(4.134, 3, Worse::above, "seconds") == "4.13 s (poor from 3 s)");
  CHECK(en(0.982, 0.99, Worse::below, "ratio") == "98.2% (poor at 99% or less)");
  CHECK(en(0.989999, 0.99, Worse::below, "ratio") == "98.9999% (poor at 99% or less)");
  CHECK(en(3.0001, 3, Worse::above, "seconds") == "3.0001 s (poor from 3 s)");
  CHECK(en(3, 3, Worse::above, "count") == "3 (poor from 3)");
  CHECK(against_threshold(0.982, 0.99, Worse::below, Level::sub_healthy, "ratio", Language::zh) ==
        "98.2%（亚健康阈值 ≤ 99%）");
}

TEST_CASE("rules have names, others their dimension and the rest of their id") {
  CHECK(rule_name("latency", "latency", Language::en) == "response time");
  CHECK(rule_name("availability_outage", "availability", Language::zh) == "连续检查失败次数");
  CHECK(rule_name("latency_login", "latency", Language::en) == "response time (login)");
  CHECK(rule_name("own", "moon_phase", Language::en) == "moon_phase (own)");
}

TEST_CASE("an opened incident says everything an on-call reader asks") {
  const Notice notice = notice_of("incident.opened");
  CHECK(notice.tone == Tone::bad);
  CHECK(notice.level == Level::poor);
  CHECK(notice.icon == "🔴");
  CHECK(notice.title == "acme-sf — POOR (不良)");
  CHECK(notice.kind == "salesforce");
  REQUIRE(notice.failing.size() == 2);
  CHECK(notice.failing[0].name == "response time");
  CHECK(notice.failing[0].value == "4.13 s (poor from 3 s)");
  CHECK(notice.failing[1].name == "transaction success");
  CHECK(notice.fault == "the vendor — the vendor's status page reports a minor incident on NA45 since 09:02 UTC");
  CHECK(notice.remedies.size() == 2);
  CHECK(notice.evidence.size() == 2);
  CHECK(value_of(notice.facts, "Since") == "09:10 UTC");
  CHECK(value_of(notice.facts, "Score") == "41.2 of 100");
  CHECK(notice.link == "https://crm-health.example.com/incidents/01JD75ZK4GWVQ2M8R3T6Y9BCDE");
  CHECK(notice.incident == "01JD75ZK4GWVQ2M8R3T6Y9BCDE");
}

TEST_CASE("titles tell what happened, in both languages") {
  const auto en = [](const char* type) { return notice_of(type).title; };
  CHECK(en("incident.escalated") == "acme-sf — worse, now POOR (恶化为不良)");
  CHECK(en("incident.improved") == "acme-sf — better, now SUB-HEALTHY (好转为亚健康)");
  CHECK(en("incident.reminder") == "acme-sf — still POOR (仍为不良)");
  CHECK(en("incident.resolved") == "acme-sf — HEALTHY again (已恢复至理想状态)");
  CHECK(en("incident.flapping") == "acme-sf — keeps changing, now POOR (状态反复变化，现为不良)");
  CHECK(en("agent.lost") == "agent acme-sf — LOST (失联)");
  CHECK(en("digest") == "13 CRMs in trouble at once (13 个 CRM 同时异常)");
  CHECK(en("test") == "receiver acme-sf — test message (测试消息)");
  CHECK(notice_of("incident.opened", Language::zh).title == "acme-sf — 不良 (POOR)");
  CHECK(notice_of("vendor.outage", Language::zh).title == "厂商 acme-sf — 故障 (OUTAGE)");
}

TEST_CASE("how long it has lasted is told once that is worth saying") {
  CHECK(value_of(notice_of("incident.reminder").facts, "Since") == "09:10 UTC (30 min)");
  CHECK(value_of(notice_of("incident.resolved").facts, "Lasted") == "35 min (09:10 UTC to 09:45 UTC)");
  CHECK(value_of(notice_of("incident.resolved", Language::zh).facts, "持续") == "35 分钟（09:10 UTC 至 09:45 UTC）");
  const Notice old = with("incident.reminder", "at", "2026-11-22T10:10:30Z");
  CHECK(value_of(old.facts, "Since") == "2026-11-21 09:10 UTC (25 h)");
}

TEST_CASE("a pager that hears only of poor is not told that a sub-healthy CRM is healthy") {
  const Notice notice = with("incident.resolved", "crm_state", "sub_healthy");
  CHECK(notice.title == "acme-sf — no longer worse than SUB-HEALTHY (已减轻为亚健康)");
  CHECK(notice.tone == Tone::info);
}

TEST_CASE("a CRM that was taken out is not called healthy") {
  const Notice notice = with("incident.resolved", "reason", "removed");
  CHECK(notice.title == "acme-sf — no longer watched (已不再受监控)");
}

TEST_CASE("missing data is told as missing") {
  boost::json::array failing = boost::json::parse(queued_as_json("incident.opened").body).at("failing").as_array();
  failing.at(0).as_object()["value"] = nullptr;
  failing.at(1).as_object()["data_status"] = "no_data";
  const Notice notice = with("incident.opened", "failing", failing);
  CHECK(notice.failing.at(0).value == "no data");
  CHECK(notice.failing.at(1).value == "no data");
  CHECK(value_of(with("incident.opened", "data_status", "no_data", Language::zh).facts, "数据") ==
        "暂无数据，显示最后已知状态");
}

TEST_CASE("a link that is not http is left out") {
  for (const char* url : {"javascript:alert(1)", "https://a b", "https://a|b", "https://a>b", "ftp://a"}) {
    INFO(url);
    CHECK(with("incident.opened", "incident", {{"id", "1"}, {"url", url}}).link.empty());
  }
}

TEST_CASE("nothing that others wrote moves, turns or hides what a message says") {
  // An escape sequence of C1, a right-to-left override, a zero width space.
  for (const char* hidden : {"\xc2\x9b"
                             "31m",
                             "\xe2\x80\xae", "\xe2\x80\x8b", "\x1b[2J"}) {
    INFO(hidden);
    const std::string name = std::string{"ac"} + hidden + "me";
    const Notice named = with("incident.opened", "crm", boost::json::value(name));
    CHECK(is_printable(named.title));
    CHECK_THAT(named.title, !Catch::Contains("\\u"));
    const Notice told = with("incident.opened", "evidence", boost::json::array{boost::json::value(name)});
    REQUIRE(told.evidence.size() == 1);
    CHECK(is_printable(told.evidence.at(0)));
    const Notice lost = with("agent.lost", "agent", boost::json::value(name));
    CHECK(is_printable(lost.title));
    for (const std::string& line : lost.listed) CHECK(is_printable(line));
  }
}

TEST_CASE("an agent whose samples are too old is not called silent") {
  const Notice late = with("agent.lost", "reason", "late");
  CHECK_THAT(late.fault, Catch::Contains("too old to be judged") && !Catch::Contains("silent"));
  CHECK_THAT(late.text, Catch::StartsWith("Everything agent acme-sf sends is too old to be judged"));
}

TEST_CASE("the sentences are made of what the chats show") {
  CHECK(
      notice_of("incident.escalated").text ==
      "acme-sf is worse, now poor. response time 4.13 s (poor from 3 s). transaction success 97.24% (sub-healthy at "
      "99% or less). Looks like: the vendor — the vendor's status page reports a minor incident on NA45 since 09:02 "
      "UTC. Changed before: 08:55 UTC release changed from 252.9 to 254.1. What to do: Look at Page and Browser "
      "Performance in the Lightning Usage App and at the slow statements in the Query Plan of the Developer Console.");
  CHECK(notice_of("incident.resolved").text == "acme-sf is healthy again.");
  CHECK(with("incident.resolved", "crm_state", "sub_healthy").text == "acme-sf is no longer worse than sub_healthy.");
  CHECK(notice_of("incident.flapping", Language::zh)
            .text.starts_with("acme-sf 状态反复变化，现为不良。响应时间 4.13 秒"));
}

TEST_CASE("an age of which only active hours count says so") {
  Failing idle;
  idle.dimension = "process";
  idle.rule = "process_lead_response";
  idle.unit = "seconds";
  idle.state = Level::poor;
  idle.value = 8 * 3600;
  idle.threshold = 4 * 3600;
  idle.working_time = true;
  CHECK(failing_words(idle, Language::en).value == "8 h of working time (poor from 4 h)");
  CHECK(failing_words(idle, Language::zh).value == "8 小时（只计工作时间，不良阈值 ≥ 4 小时）");
}

TEST_CASE("a damaged body still says which CRM and that it must be looked at") {
  store::OutboxRow row = message("incident.opened");
  row.body = "{\"type\":";
  const Notice notice = read_notice(row, Language::en);
  CHECK(notice.type.text() == "unreadable");
  CHECK(notice.title == "acme-sf — incident.opened");
  CHECK(notice.tone == Tone::warning);
  CHECK_FALSE(notice.summary.empty());
}

TEST_CASE("shortening ends, and keeps the title, the worst value and the link") {
  std::string chinese;
  while (chinese.size() < 5000) chinese += "数据库响应缓慢";
  Notice notice = read_notice(message("incident.opened", {.long_text = chinese}), Language::en);
  int steps = 0;
  while (shorten(notice)) REQUIRE(++steps < 100);
  CHECK(notice.title == "acme-sf — POOR (不良)");
  CHECK(notice.failing.at(0).value == "4.13 s (poor from 3 s)");
  CHECK_FALSE(notice.fault.empty());
  CHECK_FALSE(notice.remedies.empty());
  CHECK_FALSE(notice.link.empty());
}
