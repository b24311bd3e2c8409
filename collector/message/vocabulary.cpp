#include "collector/message/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace crmpulse::collector {
namespace {

struct Entry {
  std::string_view name;
  std::string_view en;
  std::string_view zh;
};

/// By name: a row of the outbox may be of another version.
constexpr std::array kEvents{
    Entry{"incident.opened", "opened", "发生"},
    Entry{"incident.escalated", "got worse", "恶化"},
    Entry{"incident.improved", "got better", "好转"},
    Entry{"incident.reminder", "reminder", "提醒"},
    Entry{"incident.resolved", "resolved", "恢复"},
    Entry{"incident.acknowledged", "acknowledged", "已确认"},
    Entry{"incident.flapping", "keeps changing", "状态反复变化"},
    Entry{"incident.flap_ended", "stable again", "状态已稳定"},
    Entry{"digest", "digest", "汇总"},
    Entry{"agent.lost", "agent lost", "探针失联"},
    Entry{"agent.returned", "agent is back", "探针恢复"},
    Entry{"agent.trouble", "trouble of an agent", "探针自身异常"},
    Entry{"agent.recovered", "agent recovered", "探针自身恢复"},
    Entry{"vendor.outage", "vendor outage", "厂商故障"},
    Entry{"vendor.recovered", "vendor recovered", "厂商恢复"},
    Entry{"collector.trouble", "trouble of crmpulse itself", "监控系统自身异常"},
    Entry{"collector.recovered", "crmpulse itself recovered", "监控系统自身恢复"},
    Entry{"delivery.dead", "not delivered", "通知未送达"},
    Entry{"report", "report", "报告"},
    Entry{"goal", "goal", "目标"},
    Entry{"heartbeat", "heartbeat", "心跳"},
    Entry{"test", "test message", "测试消息"},
};

constexpr std::array kOperations{
    Entry{"login", "login", "登录"},
    Entry{"query", "query", "查询"},
    Entry{"search", "search", "搜索"},
    Entry{"read", "read", "读取"},
    Entry{"create", "create", "创建"},
    Entry{"find", "find", "查找"},
    Entry{"update", "update", "更新"},
    Entry{"delete", "delete", "删除"},
    Entry{"scan", "scan", "扫描"},
    Entry{"version", "version", "版本查询"},
    Entry{"transaction", "transaction", "事务测试"},
};

constexpr std::array kStages{
    Entry{"resolve", "resolve", "域名解析"}, Entry{"connect", "connect", "连接"}, Entry{"tls", "tls", "TLS 握手"},
    Entry{"auth", "auth", "认证"},           Entry{"request", "request", "请求"}, Entry{"response", "response", "响应"},
    Entry{"content", "content", "内容检查"}, Entry{"cleanup", "cleanup", "清理"},
};

constexpr std::array kReasons{
    Entry{"timeout", "timeout", "超时"},
    Entry{"refused", "refused", "被拒绝"},
    Entry{"unreachable", "unreachable", "无法到达"},
    Entry{"certificate", "certificate", "证书无效"},
    Entry{"credentials", "credentials", "凭据无效"},
    Entry{"permission", "permission", "权限不足"},
    Entry{"quota", "quota", "配额用尽"},
    Entry{"rate_limited", "rate_limited", "被限流"},
    Entry{"maintenance", "maintenance", "系统维护"},
    Entry{"server_error", "server_error", "服务器错误"},
    Entry{"bad_content", "bad_content", "内容异常"},
    Entry{"missing", "missing", "缺少内容"},
    Entry{"conflict", "conflict", "记录冲突"},
    Entry{"skipped", "skipped", "被跳过"},
    Entry{"internal", "internal", "内部错误"},
};

std::string_view words_of(std::span<const Entry> entries, std::string_view name, Language language) {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& one) { return one.name == name; });
  if (found == entries.end()) return name;
  return language == Language::zh ? found->zh : found->en;
}

}  // namespace

std::string_view event_words(std::string_view event, Language language) {
  return words_of(kEvents, event, language);
}

std::string_view operation_words(std::string_view operation, Language language) {
  return words_of(kOperations, operation, language);
}

std::string failure_words(std::string_view stage, std::string_view reason, Language language) {
  return in_words(language, "{}/{}", "{}阶段{}", words_of(kStages, stage, language),
                  words_of(kReasons, reason, language));
}

Bilingual delivery_words(std::string_view receiver, std::string_view event, store::DeliveryStatus status) {
  const std::string_view en = event_words(event, Language::en);
  const std::string_view zh = event_words(event, Language::zh);
  const auto both = [&](const char* said_en, const char* said_zh) {
    return Bilingual{fmt::format(fmt::runtime(said_en), receiver, en),
                     fmt::format(fmt::runtime(said_zh), receiver, zh)};
  };
  switch (status) {
    case store::DeliveryStatus::pending:
    case store::DeliveryStatus::inflight: return both("Queued for {}: {}", "等待送达 {}：{}");
    case store::DeliveryStatus::delivered: return both("Delivered to {}: {}", "已送达 {}：{}");
    case store::DeliveryStatus::dead: return both("Could not be delivered to {}: {}", "未能送达 {}：{}");
    case store::DeliveryStatus::superseded:
      return both("Not sent to {}, a newer message says more: {}", "未发送至 {}，已有更新的消息：{}");
    case store::DeliveryStatus::abandoned:
      return both("Not sent to {}, it is not configured any more: {}", "未发送至 {}，该接收端已移除：{}");
  }
  return both("Queued for {}: {}", "等待送达 {}：{}");
}

Bilingual past_delivery_words(std::string_view receiver, std::string_view event) {
  return {
      fmt::format("For {}, what became of it is not known any more: {}", receiver, event_words(event, Language::en)),
      fmt::format("发往 {}，投递结果已不再保存：{}", receiver, event_words(event, Language::zh))};
}

}  // namespace crmpulse::collector
