#include "collector/notice/group.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "collector/message/vocabulary.h"
#include "collector/notice/trouble.h"
#include "collector/text/value_text.h"
#include "core/failure/failure.h"
#include "core/vendor.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kListed = 20;
constexpr std::size_t kSummary = 1200;
constexpr std::size_t kInstances = 8;

/// Fills a notice for one language.
class Describer {
 public:
  Describer(Notice& notice, const Message& message, const Audience& audience)
      : notice_(notice),
        message_(message),
        audience_(audience),
        language_(audience.language),
        crms_(message.listed.size() + message.unlisted) {}

  void describe() {
    add_time();
    add_listed();
    switch (notice_.type) {
      case Event::agent_lost: return say_lost();
      case Event::agent_returned: return say_returned();
      case Event::vendor_outage: return say_outage();
      case Event::vendor_recovered: return say_recovered();
      case Event::digest: return say_digest();
      default: return say_itself();
    }
  }

 private:
  [[nodiscard]] std::string in(std::string_view en, std::string_view zh) const {
    return std::string{language_ == Language::zh ? zh : en};
  }
  template <class... Args>
  [[nodiscard]] std::string in(fmt::format_string<Args...> en, fmt::format_string<Args...> zh, Args&&... args) const
    requires(sizeof...(Args) > 0)
  {
    return in_words(language_, en, zh, std::forward<Args>(args)...);
  }

  [[nodiscard]] std::string count_text() const {
    return crms_ == 1 ? in("1 CRM", "1 个 CRM") : in("{} CRMs", "{} 个 CRM", crms_);
  }

  /// `acme poor, beta sub_healthy and 10 more`
  [[nodiscard]] std::string list_text() const {
    std::string text;
    for (const ListedCrm& one : message_.listed) {
      const std::string state = one.state ? std::string{spoken(*one.state, language_)} : in("unknown", "未知");
      text += fmt::format("{}{} {}", text.empty() ? "" : in(", ", "、"), shown_name(one.crm), state);
    }
    if (message_.unlisted > 0) text += in(" ", "，") + more_text(message_.unlisted, language_);
    return text;
  }

  [[nodiscard]] std::string since_clock() const {
    return moment_text(message_.since.value_or(message_.at), message_.at, audience_.zone);
  }

  void add_time() {
    const TimePoint at = notice_.at;
    if (!message_.since || *message_.since > at) {
      notice_.facts.push_back({in("At", "时间"), notice_.clock});
    } else if (closes(notice_.type)) {
      notice_.facts.push_back({in("Lasted", "持续"), lasted_text(*message_.since, at, audience_)});
    } else {
      notice_.facts.push_back({in("Since", "开始时间"), since_text(*message_.since, at, audience_)});
    }
  }

  void add_listed() {
    notice_.unlisted = message_.unlisted;
    for (const ListedCrm& one : message_.listed) {
      std::string name = shown_name(one.crm);
      if (name.empty()) continue;
      if (notice_.listed.size() >= kListed) {
        ++notice_.unlisted;
        continue;
      }
      if (one.state) name += in(" ({})", "（{}）", level_words(*one.state, language_));
      notice_.listed.push_back(std::move(name));
    }
  }

  /// Ends the text.
  void add_remedy(std::string remedy) {
    notice_.text += in(" {}: {}", "{}：{}", words_in(language_).remedy, remedy);
    notice_.remedies.push_back({"", std::move(remedy)});
  }

  void say_lost() {
    const bool late = message_.reason == "late";
    const std::string its = crms_ == 1 ? in("its CRM", "其 1 个 CRM ") : in("its {} CRMs", "其 {} 个 CRM ", crms_);
    notice_.summary = in("Nobody watches {} now; what is known is old.", "{}目前无人监控，以下为最后已知状态。", its);
    notice_.fault =
        fault_words({"agent",
                     late ? "everything the agent sends is too old to be judged"
                          : "the agent is silent; nothing is known about the CRMs",
                     late ? "探针发送的数据全部过旧，无法用于判定" : "探针没有任何消息，CRM 的实际状态未知"},
                    language_);
    const std::string head =
        late ? in("Everything agent {} sends is too old to be judged", "探针 {} 发送的数据全部过旧，无法用于判定",
                  notice_.subject)
             : in("Agent {} has been silent since {}", "探针 {} 自 {} 起失联", notice_.subject, since_clock());
    notice_.text = in("{}: nobody watches {} now: {} (as last seen).", "{}，{} 无人监控：{}（最后已知状态）。", head,
                      count_text(), list_text());
    add_remedy(late
                   ? in("Look at the clocks of its host and of the collector's, and whether it has a backlog that does "
                        "not get shorter.",
                        "请检查其主机和采集器主机的时钟，以及它是否有迟迟不减的积压。")
                   : in("Look whether its host runs, whether the service does (systemctl status crmpulse-agent), and "
                        "whether it can reach the collector.",
                        "请检查其主机和服务是否在运行（systemctl status crmpulse-agent），以及它能否连接采集器。"));
  }

  void say_returned() {
    if (message_.reason == "removed") {
      const auto gone = [&](const std::string& who_en, const std::string& who_zh) {
        return in("{0} is no longer counted as lost: its CRMs are watched by another agent, or gone.",
                  "{1}不再按失联处理：其 CRM 已由其他探针监控，或已移除。", who_en, who_zh);
      };
      notice_.summary = gone("It", "它");
      notice_.text = gone("Agent " + notice_.subject, "探针 " + notice_.subject + " ");
      return;
    }
    notice_.summary = in("Its CRMs are watched again.", "其 CRM 已重新受到监控。");
    notice_.text = in("Agent {} is back; it watches {}: {}.", "探针 {} 已恢复，监控 {}：{}。", notice_.subject,
                      count_text(), list_text());
  }

  [[nodiscard]] std::string instances() const {
    std::vector<std::string> names;
    for (const std::string& name : message_.instances) {
      if (names.size() < kInstances) names.push_back(shown_name(name));
    }
    return fmt::format("{}", fmt::join(names, ", "));
  }

  void say_outage() {
    const std::string vendor = shown_name(product_name(message_.subject));
    const std::string on = instances();
    Fault fault{"vendor", "most of its CRMs are poor at the same time", "其多数 CRM 同时不良"};
    if (message_.reason == "status_page") {
      const bool whole = on.empty();
      fault.why_en = "its status page reports a major incident" + (whole ? "" : " on " + on);
      fault.why_zh = "其状态页报告" + (whole ? "" : " " + on + " 发生") + "重大故障";
      notice_.text = in("{0} has reported a major incident{1} since {2}.", "{0} 报告{3}自 {2} 起发生重大故障。", vendor,
                        whole ? "" : " on " + on, since_clock(), whole ? " " : " " + on + " ");
    } else {
      notice_.text = in("{} has had an outage since {}: {}.", "{} 自 {} 起疑似故障：{}。", vendor, since_clock(),
                        in(fault.why_en, fault.why_zh));
    }
    notice_.fault = fault_words(fault, language_);
    notice_.summary = in("Until it is over, its CRMs get no alerts of their own.", "故障期间，各 CRM 不再逐个告警。");
    notice_.text += in(" {}: {}. {}", "涉及 {}：{}。{}", count_text(), list_text(), notice_.summary);
    add_remedy(in("See the vendor's status page and tell the users before anybody looks into single CRMs.",
                  "先查看厂商状态页并通知用户，再考虑逐个排查。"));
  }

  void say_recovered() {
    notice_.summary = in("The outage is over. CRMs that stay unhealthy get alerts of their own.",
                         "厂商故障已结束，仍然异常的 CRM 将逐个告警。");
    notice_.text = in("The outage of {} is over.", "{} 的故障已结束。", shown_name(product_name(message_.subject)));
    if (crms_ == 0) return;
    notice_.text += in(" Not healthy yet: {}. Those that stay so get alerts of their own.",
                       "尚未恢复：{}。仍然异常的将逐个告警。", list_text());
  }

  void say_digest() {
    const std::string happened = message_.reason == "worse"
                                     ? in("got worse at nearly the same time", "几乎同时恶化")
                                     : in("became unhealthy at nearly the same time", "几乎同时出现异常");
    notice_.summary = in("They {}: look for a common cause first (network, agent, vendor).",
                         "它们{}，请先找共同原因（网络、探针、厂商）。", happened);
    notice_.text = in("{} {}: {}.", "{} {}：{}。", count_text(), happened, list_text());
  }

  /// A message about crmpulse itself, or of a type that this version does not know.
  void say_itself() {
    if (const auto trouble = trouble_of(message_)) return say_trouble(*trouble);
    notice_.text = own_text();
    notice_.summary = notice_.text;
    if (notice_.type == Event::delivery_dead)
      add_remedy(
          in("Check the address and the secret of this receiver. What could not be told is listed under "
             "/api/v1/deliveries?status=dead and can be sent again there.",
             "检查该接收端的地址和密钥；未送达的消息列在 /api/v1/deliveries?status=dead，可从那里重发。"));
    if (notice_.type == Event::collector_trouble)
      add_remedy(
          in("Look whether the clock of the collector's host is right now, and what sets it (chrony, "
             "systemd-timesyncd).",
             "请检查采集器主机的时钟现在是否正确，以及由什么服务校时（chrony、systemd-timesyncd）。"));
  }

  void say_trouble(const Trouble& trouble) {
    const TroubleText words = trouble_text(trouble);
    notice_.trouble = fmt::format("{}/{}", to_string(trouble.kind), trouble.subject);
    if (closes(notice_.type)) {
      notice_.text = in("It is over: {}.", "已恢复正常，此前的问题：{}。", in(words.name.en, words.name.zh));
      notice_.summary = notice_.text;
      return;
    }
    notice_.text = in(words.text.en, words.text.zh);
    notice_.summary = notice_.text;
    add_remedy(in(words.remedy.en, words.remedy.zh));
  }

  [[nodiscard]] std::string own_text() const {
    if (std::string given = one_line(in_language(message_.text, language_), kSummary); !given.empty()) return given;
    switch (notice_.type) {
      case Event::test:
        return in("This is a test message of crmpulse. Nothing is wrong.", "这是 crmpulse 的测试消息，一切正常。");
      case Event::heartbeat: return in("crmpulse judges, stores and delivers.", "crmpulse 运行正常。");
      case Event::delivery_dead:
        return one_line(in("The message \"{1}\" about {2} could not be delivered to receiver {0}: {3}",
                           "无法向接收端 {} 发送“{}”消息（{}）：{}", message_.subject,
                           event_words(message_.undelivered, language_), message_.about, message_.why),
                        kSummary);
      case Event::collector_trouble:
        return in(
            "What the collector had stored was {} ahead of its clock when it started: the clock was wrong before, "
            "or is wrong now. Levels are kept, times were moved.",
            "采集器启动时，已保存的数据比当前时钟超前 {}：时钟此前有误，或现在有误。级别保留，时间已平移。",
            span_text(message_.ahead, language_));
      case Event::collector_recovered:
        return in("The clock of the collector has been steady since.", "此后采集器的时钟一直正常。");
      default: return {};
    }
  }

  Notice& notice_;
  const Message& message_;
  const Audience& audience_;
  Language language_;
  std::size_t crms_;
};

}  // namespace

void describe_group(Notice& notice, const Message& message, const Audience& audience) {
  Describer{notice, message, audience}.describe();
}

}  // namespace crmpulse::collector
