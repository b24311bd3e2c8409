#include "collector/notice/group.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "collector/notice/json.h"
#include "collector/text/value_text.h"
#include "core/failure/failure.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kListed = 20;
constexpr std::size_t kSummary = 1200;
constexpr std::size_t kRemedy = 900;
constexpr std::size_t kInstances = 8;

void read_listed(Notice& notice, const json::object& body, Language language) {
  if (const auto more = number_at(body, "more"); more && *more > 0 && *more < 1e9)
    notice.unlisted = static_cast<std::size_t>(*more);
  const json::array* crms = array_at(body, "crms");
  if (crms == nullptr) return;
  for (const json::value& item : *crms) {
    const json::object* one = item.if_object();
    std::string name;
    if (one != nullptr) name = name_at(*one, "crm");
    if (item.is_string()) name = one_line(item.get_string(), kMaxName);
    if (name.empty()) continue;
    if (notice.listed.size() >= kListed) {
      ++notice.unlisted;
      continue;
    }
    const auto level = one == nullptr ? std::nullopt : level_named(text_at(*one, "state"));
    if (level) name += in_words(language, " ({})", "（{}）", level_words(*level, language));
    notice.listed.push_back(std::move(name));
  }
}

std::string instances_of(const json::object& body) {
  std::vector<std::string> names;
  const json::array* instances = array_at(body, "instances");
  for (std::size_t i = 0; instances != nullptr && i < std::min(instances->size(), kInstances); ++i) {
    if ((*instances)[i].is_string()) names.push_back(one_line((*instances)[i].get_string(), kMaxName));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

void say_agent(Notice& notice, const json::object& body, Language language) {
  const bool zh = language == Language::zh;
  const std::size_t crms = notice.listed.size() + notice.unlisted;
  if (notice.type == Event::agent_lost) {
    const std::string its = crms == 1 ? "its CRM" : fmt::format("its {} CRMs", crms);
    notice.summary = zh ? fmt::format("其 {} 个 CRM 目前无人监控，以下为最后已知状态。", crms)
                        : fmt::format("Nobody watches {} now; what is known of them is old.", its);
    notice.fault = zh ? "监控代理自身——代理没有任何消息，CRM 的实际状态未知"
                      : "our own monitoring — the agent is silent; nothing is known about the CRMs";
  } else if (text_at(body, "reason") == "removed") {
    notice.summary = zh ? "其 CRM 已由其他代理监控或已移除，不再等待它。"
                        : "It is no longer missed: its CRMs are watched by another agent, or gone.";
  } else {
    notice.summary = zh ? "其 CRM 已重新受到监控。" : "Its CRMs are watched again.";
  }
}

void say_vendor(Notice& notice, const json::object& body, Language language) {
  const bool zh = language == Language::zh;
  if (notice.type == Event::vendor_recovered) {
    notice.summary = zh ? "供应商故障已结束，持续异常的 CRM 将逐个告警。"
                        : "The outage is over. What stays unhealthy is alerted one by one.";
    return;
  }
  const std::string instances = instances_of(body);
  if (text_at(body, "reason") != "status_page") {
    notice.fault = zh ? "供应商——其多数 CRM 同时不良" : "the vendor — most of its CRMs are poor at the same time";
  } else if (instances.empty()) {
    notice.fault = zh ? "供应商——其状态页报告重大故障" : "the vendor — its status page reports a major incident";
  } else {
    notice.fault = in_words(language, "the vendor — its status page reports a major incident on {}",
                            "供应商——其状态页报告 {} 发生重大故障", instances);
  }
  notice.summary = zh ? "故障期间不再逐个 CRM 告警。" : "Until it is over its CRMs are not alerted one by one.";
  if (!notice.remedies.empty()) return;
  notice.remedies.push_back(
      {"", zh ? "先查看供应商状态页并通知用户，再考虑逐个排查。"
              : "See the vendor's status page and tell the users before anybody looks into single CRMs."});
}

void say_delivery(Notice& notice, const json::object& body, Language language) {
  notice.summary = in_language(object_at(body, "text"), language, kSummary);
  if (notice.remedies.empty())
    notice.remedies.push_back(
        {"", language == Language::zh
                 ? "检查该接收端的地址和密钥；未送达的消息列在 /api/v1/deliveries?status=dead，可从那里重发。"
                 : "Check the address and the secret of this receiver. What could not be told is listed under "
                   "/api/v1/deliveries?status=dead and can be sent again there."});
}

void say_digest(Notice& notice, const json::object& body, Language language) {
  const bool zh = language == Language::zh;
  if (text_at(body, "reason") == "worse") {
    notice.summary = zh ? "它们几乎同时恶化，请先找共同原因（网络、代理、供应商）。"
                        : "They got worse at nearly the same time: look for a common cause first (network, agent, "
                          "vendor).";
    return;
  }
  notice.summary = zh ? "它们几乎同时出现异常，请先找共同原因（网络、代理、供应商）。"
                      : "They left healthy at nearly the same time: look for a common cause first (network, agent, "
                        "vendor).";
}

}  // namespace

void read_group(Notice& notice, const json::object& body, Language language) {
  const bool zh = language == Language::zh;
  const auto since = time_at(body, "since");
  if (since && *since <= notice.at && closes(notice.type)) {
    notice.facts.push_back({zh ? "持续" : "Lasted", lasted_text(*since, notice.at, language)});
  } else if (since && *since <= notice.at) {
    notice.facts.push_back({zh ? "开始时间" : "Since", since_text(*since, notice.at, language)});
  } else {
    notice.facts.push_back({zh ? "时间" : "At", moment_text(notice.at, notice.at)});
  }
  std::string remedy = in_language(object_at(body, "remedy"), language, kRemedy);
  if (!remedy.empty()) notice.remedies.push_back({"", std::move(remedy)});
  read_listed(notice, body, language);
  switch (notice.type) {
    case Event::agent_lost:
    case Event::agent_returned: return say_agent(notice, body, language);
    case Event::vendor_outage:
    case Event::vendor_recovered: return say_vendor(notice, body, language);
    case Event::delivery_dead: return say_delivery(notice, body, language);
    case Event::digest: return say_digest(notice, body, language);
    default: notice.summary = in_language(object_at(body, "text"), language, kSummary);
  }
}

}  // namespace crmpulse::collector
