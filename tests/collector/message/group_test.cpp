// What messages about several CRMs say.

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "collector/message/compose.h"
#include "collector/receivers/webhook/body.h"
#include "collector/text/json_text.h"
#include "collector/text/value_text.h"

using namespace crmpulse;
using namespace crmpulse::collector;
namespace json = boost::json;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:12:00Z").value();

rules::CrmStatus crm(std::string name, Level state) {
  rules::CrmStatus status;
  status.crm = std::move(name);
  status.kind = "salesforce";
  status.state = state;
  status.data_status = DataStatus::fresh;
  if (state > Level::healthy) status.incident = rules::IncidentStatus{"01J" + status.crm, state, state, kNow};
  return status;
}

rules::Message message(Event type, std::string subject, Level state) {
  rules::Message message;
  message.at = kNow;
  message.receiver = "oncall";
  message.subject = std::move(subject);
  message.type = type;
  message.state = state;
  message.previous = state == Level::poor ? Level::healthy : Level::poor;
  message.since = kNow - std::chrono::minutes{2};
  return message;
}

json::object body_of(const rules::Message& message) {
  static const config::Remedies kNone;
  return webhook_body(compose(message, Language::en, {.remedies = kNone}));
}

std::string text(const json::object& body, const char* language) {
  return std::string{body.at("text").as_object().at(language).as_string()};
}

}  // namespace

TEST_CASE("a digest names its CRMs with their states and incidents, and counts the rest") {
  rules::Message digest = message(Event::digest, "digest/oncall", Level::poor);
  digest.listed = {crm("acme", Level::poor), crm("beta", Level::sub_healthy)};
  digest.unlisted = 10;
  const json::object body = body_of(digest);
  CHECK(body.at("type") == "digest");
  CHECK(body.at("state") == "poor");
  CHECK(body.at("more") == 10);
  const json::array& crms = body.at("crms").as_array();
  REQUIRE(crms.size() == 2);
  CHECK(to_text(crms[0]) == R"({"crm":"acme","kind":"salesforce","state":"poor","incident":"01Jacme"})");
  CHECK(text(body, "en") ==
        "12 CRMs became unhealthy at nearly the same time: acme poor, beta sub-healthy and 10 more.");
  CHECK(text(body, "zh") == "12 个 CRM 几乎同时出现异常：acme 不良、beta 亚健康，另有 10 个。");
  CHECK_FALSE(body.contains("agent"));
  CHECK_FALSE(body.contains("vendor"));
}

TEST_CASE("a lost agent: since when, what nobody watches, what to do") {
  rules::Message lost = message(Event::agent_lost, "agent/branch-1", Level::poor);
  lost.listed = {crm("acme", Level::sub_healthy)};
  const json::object body = body_of(lost);
  CHECK(body.at("agent") == "branch-1");
  CHECK(body.at("since") == "2026-11-21T09:10:00Z");
  CHECK(body.at("state") == "poor");
  CHECK(body.at("previous_state") == "healthy");
  CHECK(body.at("remedy").as_object().contains("zh"));
  CHECK_THAT(text(body, "en"),
             Catch::StartsWith("Agent branch-1 has been silent since 09:10 UTC: nobody watches 1 CRM now: "
                               "acme sub-healthy (as last seen). What to do: "));
  CHECK_THAT(text(body, "zh"), Catch::StartsWith("探针 branch-1 自 09:10 UTC 起失联，1 个 CRM 无人监控："));
}

TEST_CASE("an agent that is back, and one that nobody misses any more") {
  rules::Message back = message(Event::agent_returned, "agent/branch-1", Level::healthy);
  back.listed = {crm("acme", Level::healthy), crm("beta", Level::healthy)};
  CHECK(text(body_of(back), "en") == "Agent branch-1 is back; it watches 2 CRMs: acme healthy, beta healthy.");
  back.listed.clear();
  back.reason = "removed";
  CHECK(body_of(back).at("reason") == "removed");
  CHECK(text(body_of(back), "en") ==
        "Agent branch-1 is no longer counted as lost: its CRMs are watched by another agent, or gone.");
}

TEST_CASE("a vendor's outage says how it is known") {
  rules::Message outage = message(Event::vendor_outage, "vendor/salesforce", Level::poor);
  outage.listed = {crm("acme", Level::poor)};
  outage.reason = "crms";
  outage.causes = {"crms"};
  json::object body = body_of(outage);
  CHECK(body.at("vendor") == "salesforce");
  CHECK(body.at("instances").as_array().empty());
  CHECK_THAT(
      text(body, "en"),
      Catch::StartsWith("Salesforce has had an outage since 09:10 UTC: most of its CRMs are poor at the same time."));
  outage.reason = "status_page";
  outage.causes = {"NA45", "crms"};
  body = body_of(outage);
  CHECK(to_text(body.at("instances")) == R"(["NA45"])");
  CHECK_THAT(text(body, "en"),
             Catch::StartsWith("Salesforce has reported a major incident on NA45 since 09:10 UTC. 1 CRM: acme poor."));
  CHECK_THAT(text(body, "zh"), Catch::StartsWith("Salesforce 报告 NA45 自 09:10 UTC 起发生重大故障。"));
}

TEST_CASE("a vendor's outage that is over names what is not well yet") {
  rules::Message over = message(Event::vendor_recovered, "vendor/hubspot", Level::healthy);
  CHECK(text(body_of(over), "en") == "The outage of HubSpot is over.");
  over.listed = {crm("acme", Level::poor)};
  CHECK(text(body_of(over), "en") ==
        "The outage of HubSpot is over. Not healthy yet: acme poor. Those that stay so get alerts of their own.");
  CHECK(text(body_of(over), "zh") == "HubSpot 的故障已结束。尚未恢复：acme 不良。仍然异常的将逐个告警。");
}

TEST_CASE("a time of another day is said with its date") {
  CHECK(moment_text(parse_time("2026-11-21T09:10:59Z").value(), kNow) == "09:10 UTC");
  CHECK(moment_text(parse_time("2026-11-20T23:59:00Z").value(), kNow) == "2026-11-20 23:59 UTC");
}

TEST_CASE("a digest of what got worse says so, and an agent whose samples are too old is not called silent") {
  rules::Message digest = message(Event::digest, "digest/oncall", Level::poor);
  digest.reason = "worse";
  digest.listed = {crm("acme", Level::poor), crm("beta", Level::poor)};
  CHECK(text(body_of(digest), "en") == "2 CRMs got worse at nearly the same time: acme poor, beta poor.");
  CHECK(text(body_of(digest), "zh") == "2 个 CRM 几乎同时恶化：acme 不良、beta 不良。");
  rules::Message late = message(Event::agent_lost, "agent/branch-1", Level::poor);
  late.reason = "late";
  late.listed = {crm("acme", Level::sub_healthy)};
  const json::object body = body_of(late);
  CHECK_THAT(text(body, "en"), Catch::StartsWith("Everything agent branch-1 sends is too old to be judged"));
  CHECK_THAT(text(body, "zh"), Catch::StartsWith("探针 branch-1 发送的数据全部过旧"));
  CHECK_THAT(text(body, "en"), Catch::Contains("clocks"));
}
