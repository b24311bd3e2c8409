#include "tests/collector/receivers/messages.h"

#include <boost/json.hpp>
#include <map>

#include "collector/message/stored.h"
#include "collector/text/json_text.h"

namespace crmpulse::test {

namespace json = boost::json;
using collector::Language;

namespace {

struct IncidentMessage {
  std::string_view type;
  std::string_view state;
  std::string_view previous;
  std::string_view at;
};

constexpr IncidentMessage kIncidents[] = {
    {"incident.opened", "poor", "healthy", "2026-11-21T09:10:30Z"},
    {"incident.escalated", "poor", "sub_healthy", "2026-11-21T09:20:00Z"},
    {"incident.improved", "sub_healthy", "poor", "2026-11-21T09:40:00Z"},
    {"incident.reminder", "poor", "poor", "2026-11-21T09:40:30Z"},
    {"incident.resolved", "healthy", "poor", "2026-11-21T09:45:30Z"},
    {"incident.flapping", "poor", "poor", "2026-11-21T09:45:30Z"},
    {"incident.flap_ended", "sub_healthy", "poor", "2026-11-21T10:45:30Z"},
    {"incident.acknowledged", "poor", "poor", "2026-11-21T09:15:00Z"},
};

json::object both(std::string_view en, std::string_view zh) {
  return {{"en", en}, {"zh", zh}};
}

json::array failing(std::string_view state, const std::string& more) {
  const bool poor = state == "poor";
  const json::object latency{
      {"dimension", "latency"},
      {"rule", "latency"},
      {"state", state},
      {"value", poor ? 4.134 : 1.31},
      {"unit", "seconds"},
      {"threshold", poor ? 3.0 : 1.0},
      {"sub_healthy", 1.0},
      {"poor", 3.0},
      {"data_status", "fresh"},
      {"since", "2026-11-21T09:10:30Z"},
      {"remedy",
       both("Look at Page and Browser Performance in the Lightning Usage App and at the slow statements in the Query "
            "Plan "
            "of the Developer Console." +
                more,
            "查看 Lightning Usage App 中的页面与浏览器性能，用 Developer Console 的 Query Plan 检查慢查询。" + more)}};
  const json::object transactions{
      {"dimension", "transactions"},
      {"rule", "transactions"},
      {"state", "sub_healthy"},
      {"value", 0.9724},
      {"unit", "ratio"},
      {"threshold", 0.99},
      {"sub_healthy", 0.99},
      {"poor", 0.95},
      {"data_status", "fresh"},
      {"since", "2026-11-21T09:12:00Z"},
      {"remedy", both("Repair the most frequent error first." + more, "先修复最常见的错误。" + more)}};
  return {latency, transactions};
}

json::object incident(const IncidentMessage& event, const MessageOptions& options) {
  const bool zh = options.language == Language::zh;
  json::object body{
      {"version", "1"},
      {"type", event.type},
      {"at", event.at},
      {"crm", options.crm},
      {"kind", "salesforce"},
      {"state", event.state},
      {"previous_state", event.previous},
      {"data_status", "fresh"},
      {"incident", json::object{{"id", "01JD75ZK4GWVQ2M8R3T6Y9BCDE"},
                                {"opened_at", "2026-11-21T09:10:30Z"},
                                {"url", "https://crm-health.example.com/incidents/01JD75ZK4GWVQ2M8R3T6Y9BCDE"}}},
      {"score", event.state == "healthy" ? 96.5 : 41.25}};
  body["failing"] = event.state == "healthy" ? json::array{} : failing(event.state, options.long_text);
  if (event.state != "healthy") {
    const std::string why = zh ? "厂商状态页自 09:02 UTC 起报告 NA45 上的轻微故障"
                               : "the vendor's status page reports a minor incident on NA45 since 09:02 UTC";
    body["fault"] = json::object{{"verdict", "vendor"}, {"why", why + options.long_text}};
    body["changes"] =
        json::array{json::object{{"at", "2026-11-21T08:55:00Z"},
                                 {"what", "release"},
                                 {"text", both("release changed from 252.9 to 254.1", "发布版本由 252.9 变为 254.1")}}};
    body["evidence"] = json::array{json::string{"read: 503 Service Unavailable, request id 7f3a" + options.long_text},
                                   json::string{"query: took 9.8 s" + options.long_text}};
  }
  return body;
}

json::array listed(const std::string& first) {
  json::array crms;
  for (const std::string& name : {first, std::string{"bolt-sf"}, std::string{"core-sf"}})
    crms.push_back(json::object{{"crm", name}, {"kind", "salesforce"}, {"state", "poor"}});
  return crms;
}

json::object other(const std::string& type, const MessageOptions& options) {
  json::object body{{"version", "1"}, {"type", type}, {"at", "2026-11-21T09:10:30Z"}};
  body["text"] =
      both("What happened, in a sentence." + options.long_text, "一句话说明发生了什么。" + options.long_text);
  if (type == "digest") {
    body["state"] = "poor";
    body["crms"] = listed(options.crm);
    body["more"] = 10;
  } else if (type == "agent.trouble" || type == "agent.recovered") {
    body["agent"] = options.crm;
    body["reason"] = "agent_clock";
    body["since"] = "2026-11-21T09:05:00Z";
  } else if (type.starts_with("agent.")) {
    body["agent"] = options.crm;
    body["crms"] = listed(options.crm);
    body["since"] = "2026-11-21T09:05:00Z";
    if (type == "agent.lost")
      body["remedy"] =
          both("Look whether its host runs." + options.long_text, "请检查其主机是否运行。" + options.long_text);
  } else if (type.starts_with("vendor.")) {
    body["vendor"] = options.crm;
    body["since"] = "2026-11-21T09:02:00Z";
    body["reason"] = "status_page";
    body["instances"] = json::array{"NA45"};
    body["crms"] = listed(options.crm);
  } else if (type == "collector.trouble") {
    body["collector"] = options.crm;
    body["reason"] = "clock";
  } else if (type == "collector.recovered") {
    body["collector"] = options.crm;
    body["reason"] = "disk";
    body["since"] = "2026-11-21T09:05:00Z";
  } else if (type == "report") {
    body["crm"] = options.crm;
    body["about"] = "2026-10";
  } else if (type == "goal") {
    body["crm"] = options.crm;
    body["about"] = "crm_csat_ratio";
    body["reason"] = "behind";
  } else {
    body["receiver"] = options.crm;
  }
  return body;
}

const IncidentMessage* find_event(std::string_view type) {
  for (const IncidentMessage& event : kIncidents) {
    if (event.type == type) return &event;
  }
  return nullptr;
}

}  // namespace

const std::vector<std::string>& message_types() {
  static const std::vector<std::string> kTypes = [] {
    std::vector<std::string> types;
    for (const Event event : all_events()) {
      if (event != Event::heartbeat) types.emplace_back(to_string(event));
    }
    return types;
  }();
  return kTypes;
}

store::OutboxRow queued_as_json(const std::string& type, const MessageOptions& options) {
  const IncidentMessage* event = find_event(type);
  const json::object body = event == nullptr ? other(type, options) : incident(*event, options);
  store::OutboxRow row;
  row.id = "01JD75ZK5A0000000000000000";
  row.receiver = "oncall";
  row.dedup_key = "crm/" + options.crm;
  row.seq = 1;
  row.event = EventName{type};
  row.level = 2;
  row.taken_before = 2;  // of receivers that keep states: what ends, began
  row.created = parse_time("2026-11-21T09:10:30Z").value();
  row.body = collector::to_text(body);
  return row;
}

store::OutboxRow message(const std::string& type, const MessageOptions& options) {
  store::OutboxRow row = queued_as_json(type, options);
  row.body = collector::stored_message(collector::read_message(row));
  return row;
}

bool has_failing(std::string_view type) {
  const IncidentMessage* event = find_event(type);
  return event != nullptr && event->state != "healthy";
}

std::string state_words(std::string_view type, Language language) {
  const bool zh = language == Language::zh;
  if (const IncidentMessage* event = find_event(type)) {
    if (event->state == "poor") return zh ? "不良" : "POOR";
    if (event->state == "sub_healthy") return zh ? "亚健康" : "SUB-HEALTHY";
    return zh ? "理想" : "HEALTHY";
  }
  static const std::map<std::string_view, std::pair<const char*, const char*>> kOthers{
      {"digest", {"CRMs in trouble", "CRM 同时异常"}},  {"agent.lost", {"LOST", "失联"}},
      {"agent.returned", {"back", "已恢复"}},           {"vendor.outage", {"OUTAGE", "故障"}},
      {"vendor.recovered", {"recovered", "已恢复"}},    {"delivery.dead", {"NOT DELIVERED", "通知未送达"}},
      {"collector.trouble", {"TROUBLE", "自身异常"}},   {"test", {"test message", "测试消息"}},
      {"collector.recovered", {"recovered", "已恢复"}}, {"agent.trouble", {"TROUBLE", "自身异常"}},
      {"agent.recovered", {"recovered", "已恢复"}},     {"report", {"report", "报告"}},
      {"goal", {"goal behind", "目标进度落后"}},
  };
  const auto& words = kOthers.at(type);
  return zh ? words.second : words.first;
}

}  // namespace crmpulse::test
