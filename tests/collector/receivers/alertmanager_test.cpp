#include <catch2/catch.hpp>

#include <boost/json.hpp>

#include "collector/message/stored.h"
#include "tests/collector/receivers/messages.h"
#include "tests/collector/support.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using namespace std::chrono_literals;
using Kind = Verdict::Kind;

namespace {

const TimePoint kNow = from_unix_millis(1795252230'000);

std::shared_ptr<const Receiver> alertmanager(const std::string& more = "") {
  return receiver_from("{name: am, type: alertmanager, url: \"http://127.0.0.1:9093/\"" + more + "}");
}

boost::json::array alerts_of(const Receiver& receiver, const std::vector<store::OutboxRow>& rows) {
  return boost::json::parse(std::get<net::ClientRequest>(receiver.prepare(rows, kNow)).body).as_array();
}

/// `before`: the level that Alertmanager was told of before.
store::OutboxRow told(const std::string& type, int before = 0) {
  store::OutboxRow row = message(type);
  row.created = kNow - 10s;
  row.taken_before = before;
  return row;
}

/// `CrmPoor firing`, sorted.
std::vector<std::string> states(const boost::json::array& alerts) {
  std::vector<std::string> out;
  for (const boost::json::value& alert : alerts) {
    const TimePoint ends = parse_time(std::string{alert.at("endsAt").as_string()}).value();
    out.push_back(std::string{alert.at("labels").at("alertname").as_string()} + (ends > kNow ? " firing" : " over"));
  }
  std::sort(out.begin(), out.end());
  return out;
}

net::ClientResponse answered(int status, const std::string& date, std::string body = "") {
  net::ClientResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers.emplace_back("date", date);
  return response;
}

using States = std::vector<std::string>;

}  // namespace

TEST_CASE("a CRM has an alert for each level it has reached, and labels that never change") {
  const auto receiver = alertmanager(", labels: {team: crm}");
  const boost::json::array opened = alerts_of(*receiver, {told("incident.opened")});
  CHECK(states(opened) == States{"CrmPoor firing", "CrmSubHealthy firing"});
  CHECK(states(alerts_of(*receiver, {told("incident.improved", 2)})) == States{"CrmPoor over", "CrmSubHealthy firing"});
  CHECK(states(alerts_of(*receiver, {told("incident.resolved", 2)})) == States{"CrmPoor over", "CrmSubHealthy over"});
  for (const char* type : {"incident.escalated", "incident.improved", "incident.reminder", "incident.resolved"}) {
    const boost::json::array later = alerts_of(*receiver, {told(type, 2)});
    REQUIRE(later.size() == opened.size());
    for (std::size_t i = 0; i < later.size(); ++i) CHECK(later[i].at("labels") == opened[i].at("labels"));
  }
  const boost::json::value& poor = opened[1];
  CHECK(poor.at("labels").at("severity") == "page");
  CHECK(poor.at("labels").at("crm") == "acme-sf");
  CHECK(poor.at("labels").at("kind") == "salesforce");
  CHECK(poor.at("labels").at("team") == "crm");
  CHECK(poor.at("annotations").as_object().contains("summary_zh"));
  CHECK(poor.at("annotations").as_object().contains("remedy"));
  CHECK(poor.at("startsAt").as_string() == format_time(kNow - 10s));
  CHECK(poor.at("endsAt").as_string() == format_time(kNow + 4min));
}

TEST_CASE("only what began at Alertmanager has an end there") {
  const auto receiver = alertmanager();
  CHECK(states(alerts_of(*receiver, {told("incident.improved", 1)})) == States{"CrmSubHealthy firing"});
  CHECK(states(alerts_of(*receiver, {told("incident.resolved", 1)})) == States{"CrmSubHealthy over"});
  for (const char* type : {"incident.resolved", "agent.returned", "vendor.recovered"})
    CHECK(alerts_of(*receiver, {told(type)}).empty());
}

TEST_CASE("each annotation is in one language throughout") {
  const auto receiver = alertmanager();
  store::OutboxRow row = told("incident.opened");
  Message message = read_message(row);
  message.fault->why_zh = "厂商状态页报告轻微故障";
  row.body = stored_message(message);
  const boost::json::object annotations = alerts_of(*receiver, {row})[1].at("annotations").as_object();
  for (const char* name : {"summary_zh", "fault_zh", "description_zh", "remedy_zh"}) {
    const std::string text{annotations.at(name).as_string()};
    INFO(name << ": " << text);
    CHECK_THAT(text, !Catch::Contains("POOR") && !Catch::Contains("poor") && !Catch::Contains("vendor") &&
                         !Catch::Contains("query:") && !Catch::Contains("read:"));
  }
  CHECK_THAT(std::string{annotations.at("summary_zh").as_string()}, Catch::StartsWith("acme-sf — 不良：响应时间"));
  CHECK_THAT(std::string{annotations.at("description").as_string()}, !Catch::Contains("不良"));
  CHECK_THAT(std::string{annotations.at("summary").as_string()}, Catch::StartsWith("acme-sf — POOR: response time"));
}

TEST_CASE("a receiver for poor has no alert for less") {
  const auto receiver = alertmanager(", min_state: poor");
  CHECK(states(alerts_of(*receiver, {told("incident.opened")})) == States{"CrmPoor firing"});
  CHECK(states(alerts_of(*receiver, {told("incident.resolved", 2)})) == States{"CrmPoor over"});
}

TEST_CASE("agents, vendors and what could not be delivered are alerts of their own") {
  const auto receiver = alertmanager();
  CHECK(states(alerts_of(*receiver, {told("agent.lost")})) == States{"CrmAgentLost firing"});
  CHECK(states(alerts_of(*receiver, {told("agent.returned", 1)})) == States{"CrmAgentLost over"});
  CHECK(states(alerts_of(*receiver, {told("vendor.outage")})) == States{"CrmVendorOutage firing"});
  CHECK(states(alerts_of(*receiver, {told("vendor.recovered", 1)})) == States{"CrmVendorOutage over"});
  CHECK(states(alerts_of(*receiver, {told("delivery.dead")})) == States{"CrmAlertNotDelivered firing"});
  CHECK(alerts_of(*receiver, {told("agent.lost")})[0].at("labels") ==
        alerts_of(*receiver, {told("agent.returned", 1)})[0].at("labels"));
}

TEST_CASE("no request has more than 256 alerts") {
  const auto receiver = alertmanager();
  const std::vector<store::OutboxRow> rows(receiver->batch(), told("incident.opened"));
  CHECK(alerts_of(*receiver, rows).size() <= 256);
}

TEST_CASE("a clock that differs from Alertmanager's by more than 30 s: times are left to it") {
  const auto receiver = alertmanager();
  const auto ours = "Sat, 21 Nov 2026 09:10:30 GMT";
  CHECK(receiver->classify(answered(200, ours), 1, kNow).kind == Kind::delivered);
  CHECK(receiver->classify(answered(200, "Sat, 21 Nov 2026 09:10:59 GMT"), 1, kNow).kind == Kind::delivered);
  const Verdict found = receiver->classify(answered(200, "Sat, 21 Nov 2026 12:10:30 GMT"), 1, kNow);
  CHECK(found.kind == Kind::retry);
  CHECK(found.why.find("10800 s") != std::string::npos);
  CHECK(receiver->classify(answered(200, "Sat, 21 Nov 2026 12:10:30 GMT"), 2, kNow).kind == Kind::delivered);
  for (const boost::json::value& alert : alerts_of(*receiver, {told("incident.opened")})) {
    CHECK_FALSE(alert.as_object().contains("startsAt"));
    CHECK_FALSE(alert.as_object().contains("endsAt"));
  }
  // An end without a time would be a new alert: it has theirs.
  for (const boost::json::value& alert : alerts_of(*receiver, {told("incident.resolved", 2)}))
    CHECK(alert.at("endsAt").as_string() == format_time(kNow - 10s + 3h));
  CHECK(receiver->classify(answered(200, ours), 3, kNow).kind == Kind::delivered);
  CHECK(alerts_of(*receiver, {told("incident.opened")})[0].as_object().contains("endsAt"));
}

TEST_CASE("Alertmanager's answers: 400 is final for what is alone, the rest is tried again") {
  const auto receiver = alertmanager();
  CHECK(receiver->classify(answered(400, "", R"("no label")"), 1, kNow).kind == Kind::dead);
  CHECK(receiver->classify(answered(400, "", "<html>"), 99, kNow).kind == Kind::retry);
  CHECK(receiver->classify(answered(500, ""), 99, kNow).kind == Kind::retry);
  CHECK(receiver->repeats() == Duration{1min});
  CHECK_THROWS(alertmanager(", labels: {severity: mine}"));
  CHECK_THROWS(receiver_from("{name: am, type: alertmanager, url: \"http://127.0.0.1:9093/?a=b\"}"));
}
