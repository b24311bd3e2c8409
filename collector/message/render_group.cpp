#include "collector/message/render_group.h"

#include <fmt/format.h>

#include "core/level.h"
#include "core/text/printable.h"
#include "core/vendor.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

/// The part behind `agent/`, `vendor/`.
std::string subject_name(const rules::Message& message) {
  const std::size_t slash = message.subject.find('/');
  return slash == std::string::npos ? message.subject : message.subject.substr(slash + 1);
}

std::size_t count_of(const rules::Message& message) {
  return message.listed.size() + message.unlisted;
}

std::string crms_en(std::size_t count) {
  return count == 1 ? "1 CRM" : fmt::format("{} CRMs", count);
}

/// `acme poor, beta sub_healthy and 10 more`
Bilingual list_text(const rules::Message& message) {
  Bilingual text;
  for (const rules::CrmStatus& status : message.listed) {
    if (!text.en.empty()) {
      text.en += ", ";
      text.zh += "、";
    }
    const std::string crm = printable_name(status.crm);
    text.en += fmt::format("{} {}", crm, state_name(status));
    text.zh += fmt::format("{} {}", crm, state_name_zh(status));
  }
  if (message.unlisted > 0) {
    text.en += fmt::format(" and {} more", message.unlisted);
    text.zh += fmt::format("，另有 {} 个", message.unlisted);
  }
  return text;
}

Bilingual digest_text(const rules::Message& message) {
  const Bilingual list = list_text(message);
  if (message.reason == "worse")
    return {fmt::format("{} got worse at nearly the same time: {}.", crms_en(count_of(message)), list.en),
            fmt::format("{} 个 CRM 几乎同时恶化：{}。", count_of(message), list.zh)};
  return {fmt::format("{} left healthy at nearly the same time: {}.", crms_en(count_of(message)), list.en),
          fmt::format("{} 个 CRM 几乎同时出现异常：{}。", count_of(message), list.zh)};
}

Bilingual agent_remedy() {
  return {
      "Look whether its host runs, whether the service does (systemctl status crmpulse-agent), and whether it can "
      "reach the collector.",
      "请检查其主机和服务是否运行（systemctl status crmpulse-agent），以及它能否连接收集器。"};
}

Bilingual late_remedy() {
  return {
      "Look at the clocks of its host and of the collector's, and whether it has a backlog that does not get shorter.",
      "请检查其主机与收集器的时钟，以及它是否有一直不减少的积压。"};
}

Bilingual late_text(const std::string& name, std::size_t count, const Bilingual& list) {
  const Bilingual remedy = late_remedy();
  return {
      fmt::format("Everything agent {} sends is too old to be judged: nobody watches {} now: {} (as last seen). What "
                  "to do: {}",
                  name, crms_en(count), list.en, remedy.en),
      fmt::format("代理 {} 发送的数据全部过旧，无法用于判断，{} 个 CRM 无人监控：{}（最后已知状态）。建议：{}", name,
                  count, list.zh, remedy.zh)};
}

Bilingual agent_text(const rules::Message& message) {
  const std::string name = printable_name(subject_name(message));
  const std::string since = clock_text(message.since, message.at);
  const Bilingual list = list_text(message);
  const std::size_t count = count_of(message);
  if (message.type == Event::agent_lost) {
    if (message.reason == "late") return late_text(name, count, list);
    const Bilingual remedy = agent_remedy();
    return {fmt::format("Agent {} is silent since {}: nobody watches {} now: {} (as last seen). What to do: {}", name,
                        since, crms_en(count), list.en, remedy.en),
            fmt::format("代理 {} 自 {} 起无响应，{} 个 CRM 无人监控：{}（最后已知状态）。建议：{}", name, since, count,
                        list.zh, remedy.zh)};
  }
  if (message.reason == "removed") {
    return {fmt::format("Agent {} is no longer missed: its CRMs are watched by another, or gone.", name),
            fmt::format("代理 {} 不再需要：其 CRM 已由其他代理监控或已移除。", name)};
  }
  return {fmt::format("Agent {} is back; it watches {}: {}.", name, crms_en(count), list.en),
          fmt::format("代理 {} 已恢复，监控 {} 个 CRM：{}。", name, count, list.zh)};
}

/// Returns the instances a status page names, without the cause that is not an instance.
std::vector<std::string> instances_of(const rules::Message& message) {
  std::vector<std::string> instances = message.causes;
  std::erase(instances, "crms");
  return instances;
}

Bilingual vendor_text(const rules::Message& message) {
  const std::string name = printable_name(product_name(subject_name(message)));
  const Bilingual list = list_text(message);
  const std::size_t count = count_of(message);
  if (message.type == Event::vendor_recovered) {
    Bilingual text{fmt::format("The outage of {} is over.", name), fmt::format("{} 的故障已结束。", name)};
    if (count == 0) return text;
    text.en += fmt::format(" Not healthy yet: {}. What stays so is alerted one by one.", list.en);
    text.zh += fmt::format("尚未恢复：{}。持续异常的将逐个告警。", list.zh);
    return text;
  }
  const std::string since = clock_text(message.since, message.at);
  const std::string instances = printable_name(fmt::format("{}", fmt::join(instances_of(message), ", ")));
  Bilingual text;
  if (message.reason == "status_page") {
    text = {
        fmt::format("{} reports a major incident on {} since {}. {}: {}.", name, instances, since, crms_en(count),
                    list.en),
        fmt::format("{} 报告 {} 自 {} 起发生重大故障。涉及 {} 个 CRM：{}。", name, instances, since, count, list.zh)};
  } else {
    text = {fmt::format("{} has an outage since {}: most of its CRMs are poor at the same time. {}: {}.", name, since,
                        crms_en(count), list.en),
            fmt::format("{} 自 {} 起疑似故障：其多数 CRM 同时不良。涉及 {} 个 CRM：{}。", name, since, count, list.zh)};
  }
  text.en += " Their own alerts wait until it is over. What to do: see the vendor's status page.";
  text.zh += "在此期间不再逐个告警。建议：查看供应商状态页。";
  return text;
}

Bilingual text_of(const rules::Message& message) {
  switch (message.type) {
    case Event::agent_lost:
    case Event::agent_returned: return agent_text(message);
    case Event::vendor_outage:
    case Event::vendor_recovered: return vendor_text(message);
    default: return digest_text(message);
  }
}

json::array crms_json(const rules::Message& message) {
  json::array crms;
  for (const rules::CrmStatus& status : message.listed) {
    json::object one{{"crm", status.crm}, {"kind", status.kind}, {"state", state_name(status)}};
    if (status.incident) one["incident"] = status.incident->id;
    crms.push_back(std::move(one));
  }
  return crms;
}

}  // namespace

std::string clock_text(TimePoint time, TimePoint now) {
  const std::string text = format_time(time);  // 2026-11-21T09:10:30Z
  const std::string clock = text.substr(11, 5) + " UTC";
  return format_time(now).compare(0, 10, text, 0, 10) == 0 ? clock : text.substr(0, 10) + " " + clock;
}

json::object group_json(const rules::Message& message) {
  json::object body{{"version", "1"},
                    {"type", to_string(message.type)},
                    {"at", format_time(message.at)},
                    {"state", to_string(message.state)},
                    {"state_zh", chinese(message.state)},
                    {"previous_state", to_string(message.previous)},
                    {"crms", crms_json(message)},
                    {"more", message.unlisted}};
  if (message.subject.starts_with("agent/")) body["agent"] = subject_name(message);
  if (message.subject.starts_with("vendor/")) {
    body["vendor"] = subject_name(message);
    body["instances"] = json::value_from(instances_of(message));
  }
  if (message.since != TimePoint{}) body["since"] = format_time(message.since);
  if (!message.reason.empty()) body["reason"] = message.reason;
  if (message.type == Event::agent_lost) {
    const Bilingual remedy = message.reason == "late" ? late_remedy() : agent_remedy();
    body["remedy"] = json::object{{"en", remedy.en}, {"zh", remedy.zh}};
  }
  const Bilingual text = text_of(message);
  body["text"] = json::object{{"en", text.en}, {"zh", text.zh}};
  return body;
}

}  // namespace crmpulse::collector
