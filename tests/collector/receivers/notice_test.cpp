#include "collector/notice/notice.h"

#include <catch2/catch.hpp>

#include <boost/json.hpp>

#include "collector/message/stored.h"
#include "collector/notice/plain_text.h"
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

TEST_CASE("rules have names, others their dimension and the rest of their id") {
  const auto name = [](const char* rule, const char* dimension, Language language) {
    Failing failing;
    failing.rule = rule;
    failing.dimension = dimension;
    return failing_words(failing, language).name;
  };
  CHECK(name("latency", "latency", Language::en) == "response time");
  CHECK(name("availability_outage", "availability", Language::zh) == "可用性");
  CHECK(name("latency_slow_share", "latency", Language::zh) == "慢调用占比");
  CHECK(name("latency_login", "latency", Language::en) == "response time (login)");
  CHECK(name("own", "moon_phase", Language::en) == "moon_phase (own)");
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
  CHECK(notice_of("incident.opened", Language::zh).title == "acme-sf — 不良（POOR）");
  CHECK(notice_of("vendor.outage", Language::zh).title == "厂商 acme-sf — 故障（OUTAGE）");
}

TEST_CASE("how long it has lasted is told once that is worth saying") {
  CHECK(value_of(notice_of("incident.reminder").facts, "Since") == "09:10 UTC (30 min)");
  CHECK(value_of(notice_of("incident.resolved").facts, "Lasted") == "35 min (09:10 to 09:45 UTC)");
  CHECK(value_of(notice_of("incident.resolved", Language::zh).facts, "持续") == "35 分钟（09:10 至 09:45 UTC）");
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
  CHECK(with("incident.resolved", "crm_state", "sub_healthy").text == "acme-sf is no longer worse than sub-healthy.");
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
  CHECK(failing_words(idle, Language::zh).value == "8 小时（只计工作时间，达 4 小时为不良）");
}

TEST_CASE("what counts failures is told as a phrase, in every place where it stands") {
  Message outage = read_message(message("incident.opened"));
  Failing& worst = outage.failing.front();
  worst.dimension = "availability";
  worst.rule = "availability_outage";
  worst.unit = "count";
  worst.value = worst.threshold = worst.poor = 3;
  worst.sub_healthy = 2;
  for (const char* aggregator : {"", "failures_in_row"}) {
    worst.aggregator = aggregator;
    worst.metric = *aggregator == '\0' ? "" : "crm_up";
    const Notice en = collector::notice_of(outage, Language::en);
    CHECK(en.failing.front().name == "availability");
    CHECK(en.failing.front().value == "3 checks in a row failed (poor from 3)");
    CHECK_THAT(en.text, Catch::Contains(" is poor. 3 checks in a row failed (poor from 3). "));
    CHECK_THAT(one_line_of(en, Language::en), Catch::Contains(": 3 checks in a row failed (poor from 3), "));
    CHECK(headline(en, Language::en) == "acme-sf — POOR (不良): 3 checks in a row failed (poor from 3)");
    const Notice zh = collector::notice_of(outage, Language::zh);
    CHECK(headline(zh, Language::zh) == "acme-sf — 不良（POOR）：连续 3 次检查失败（达 3 次为不良）");
    CHECK_THAT(plain_text(zh, Language::zh), Catch::Contains("- 可用性：连续 3 次检查失败（达 3 次为不良）"));
    CHECK(failing_sentence(worst).zh == "连续 3 次检查失败（达 3 次为不良）");
  }
}

TEST_CASE("a message is told by the clock of its audience") {
  Zone shanghai;
  shanghai.name = "Asia/Shanghai";
  shanghai.transitions = {{TimePoint{}, std::chrono::hours{8}}};
  const Audience audience{Language::en, std::make_shared<const Zone>(shanghai)};
  for (const std::string& event : message_types()) {
    INFO(event);
    // What an earlier program had put into words keeps its UTC.
    Message told = read_message(message(event));
    if (told.fault) told.fault->why_en = told.fault->why_zh = "";
    const Notice notice = crmpulse::collector::notice_of(told, audience);
    const std::string text = plain_text(notice, Language::en) + one_line_of(notice, Language::en) + " " + notice.text;
    CHECK_THAT(text, Catch::Contains("17:") || Catch::Contains("18:45"));
    CHECK_THAT(text, Catch::Contains("Asia/Shanghai") && !Catch::Contains("UTC"));
  }
}

TEST_CASE("a damaged body still says which CRM and that it must be looked at") {
  store::OutboxRow row = message("incident.opened");
  row.body = "{\"type\":";
  const Notice notice = read_notice(row, Language::en);
  CHECK(notice.type.text() == "unreadable");
  CHECK(notice.title == "acme-sf — opened");
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
