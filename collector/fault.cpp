#include "collector/fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>

namespace crmpulse::collector {
namespace {

constexpr Duration kNewFailure{std::chrono::minutes{15}};

/// One line of the table; empty stage or reason match any. The first line that matches speaks. `{}` stands for the
/// operation.
struct Line {
  std::string_view stage;
  std::string_view reason;
  std::string_view verdict;
  std::string_view en;
  std::string_view zh;
};

constexpr std::array kDatabaseLines{
    Line{"connect", "refused", "database", "the database refuses connections", "数据库拒绝连接"},
    Line{"connect", "timeout", "network", "the database's host does not answer", "数据库主机没有响应"},
    Line{"connect", "unreachable", "network", "the database's host cannot be reached", "无法到达数据库主机"},
    Line{"connect", "missing", "database", "the database is not there", "数据库不存在"},
    Line{"connect", "quota", "database", "the database has no connection left", "数据库的连接数已用尽"},
    Line{"request", "timeout", "database", "the database does not finish {} in time", "数据库未能按时完成 {}"},
    Line{"response", "timeout", "database", "the database does not finish {} in time", "数据库未能按时完成 {}"},
    Line{"request", "missing", "database", "a table or column that {} needs is missing", "{} 所需的表或列不存在"},
    Line{"request", "conflict", "database", "locks in the database keep {} from finishing",
         "数据库中的锁使 {} 无法完成"},
    Line{"", "maintenance", "database", "the database is starting, stopping or in recovery",
         "数据库正在启动、停止或恢复"},
    Line{"", "server_error", "database", "the database reports an error in {}", "数据库在 {} 中报告错误"},
};

constexpr std::array kLines{
    Line{"", "credentials", "credentials", "the CRM does not accept the monitoring account's credentials",
         "CRM 不接受监控账号的凭据"},
    Line{"", "permission", "credentials", "the monitoring account may not do {}", "监控账号无权执行 {}"},
    Line{"", "quota", "quota", "the CRM's API allowance is used up", "CRM 的 API 配额已用尽"},
    Line{"", "rate_limited", "quota", "the CRM limits the rate of calls", "CRM 限制了调用频率"},
    Line{"resolve", "", "network", "the CRM's name cannot be resolved", "无法解析 CRM 的域名"},
    Line{"connect", "refused", "vendor", "the CRM's server refuses connections", "CRM 服务器拒绝连接"},
    Line{"connect", "", "network", "the CRM cannot be reached from the agent", "代理无法到达 CRM"},
    Line{"tls", "certificate", "vendor", "the CRM's certificate is not valid", "CRM 的证书无效"},
    Line{"tls", "", "network", "no TLS connection to the CRM", "无法与 CRM 建立 TLS 连接"},
    Line{"", "maintenance", "vendor", "the CRM says it is under maintenance", "CRM 表示正在维护"},
    Line{"", "server_error", "vendor", "the CRM answers {} with an error", "CRM 对 {} 返回错误"},
    Line{"", "timeout", "vendor", "the CRM does not answer {} in time", "CRM 未能按时响应 {}"},
    Line{"content", "missing", "data", "what {} looks for is not there", "{} 要查找的内容不存在"},
    Line{"content", "", "vendor", "the CRM answers {} with something unexpected", "CRM 对 {} 返回了意外的内容"},
    Line{"", "bad_content", "vendor", "the CRM answers {} with something unexpected", "CRM 对 {} 返回了意外的内容"},
    Line{"", "missing", "data", "what {} looks for is not there", "{} 要查找的内容不存在"},
    Line{"", "conflict", "data", "{} meets a conflicting record", "{} 遇到冲突的记录"},
    Line{"", "skipped", "agent", "the agent skipped {}", "代理跳过了 {}"},
    Line{"", "unreachable", "network", "the CRM cannot be reached from the agent", "代理无法到达 CRM"},
};

const Line* find_line(std::string_view transport, const NewestFailure& failure) {
  const auto fits = [&](const Line& line) {
    return (line.stage.empty() || line.stage == failure.stage) &&
           (line.reason.empty() || line.reason == failure.reason);
  };
  if (transport == "sql") {
    const auto line = std::find_if(kDatabaseLines.begin(), kDatabaseLines.end(), fits);
    if (line != kDatabaseLines.end()) return &*line;
  }
  const auto line = std::find_if(kLines.begin(), kLines.end(), fits);
  return line == kLines.end() ? nullptr : &*line;
}

std::string fill(std::string_view sentence, std::string_view operation) {
  std::string text{sentence};
  const auto place = text.find("{}");
  if (place != std::string::npos) text.replace(place, 2, operation.empty() ? "?" : operation);
  return text;
}

Fault from_failure(std::string_view transport, const std::string& operation, const NewestFailure& failure) {
  const Line* line = find_line(transport, failure);
  if (line == nullptr) {
    const std::string where = fmt::format("{}/{}", failure.stage, failure.reason);
    return {"unknown", fmt::format("{} fails ({})", operation, where), fmt::format("{} 失败（{}）", operation, where)};
  }
  return {line->verdict, fill(line->en, operation), fill(line->zh, operation)};
}

bool fails(const rules::CrmStatus& status, std::string_view dimension) {
  return std::any_of(status.rules.begin(), status.rules.end(), [&](const rules::RuleStatus& rule) {
    return rule.dimension == dimension && rule.level != Level::healthy;
  });
}

double sum_of(const Phases& phases) {
  return std::accumulate(phases.begin(), phases.end(), 0.0,
                         [](double sum, const auto& one) { return sum + one.second; });
}

/// Where the slowest operation spends its time.
Fault from_phases(const CrmFacts& facts) {
  const auto slowest = std::max_element(facts.phases.begin(), facts.phases.end(), [](const auto& a, const auto& b) {
    return sum_of(a.second) < sum_of(b.second);
  });
  const auto phase = [&](std::string_view name) {
    if (slowest == facts.phases.end()) return 0.0;
    const auto found = slowest->second.find(name);
    return found == slowest->second.end() ? 0.0 : found->second;
  };
  const double way = phase("dns") + phase("connect") + phase("tls");
  const double all = slowest == facts.phases.end() ? 0.0 : sum_of(slowest->second);
  if (all > 0 && way > all / 2)
    return {"network", "most of the time goes into reaching the CRM", "大部分时间花在到达 CRM 的路上"};
  if (facts.transport == "sql") return {"database", "the database answers slowly", "数据库响应缓慢"};
  return {"vendor", "the CRM itself answers slowly", "CRM 本身响应缓慢"};
}

Fault from_dimensions(const rules::CrmStatus& status, const CrmFacts* facts) {
  if (fails(status, "quota")) return {"quota", "the API allowance runs out", "API 配额即将用尽"};
  if (fails(status, "latency") && facts != nullptr) return from_phases(*facts);
  if (fails(status, "data_quality"))
    return {"data", "records are incomplete, duplicate or outdated", "存在不完整、重复或过期的记录"};
  if (fails(status, "staleness")) return {"data", "data has not been updated for too long", "数据太久没有更新"};
  if (fails(status, "process")) return {"automation", "work waits too long in the process", "流程中的工作等待过久"};
  return {"unknown", "no failure was reported", "没有报告失败"};
}

}  // namespace

Fault judge_fault(const rules::CrmStatus& status, const CrmFacts* facts, TimePoint now) {
  if (status.data_status == DataStatus::no_data) {
    return {"agent", "no agent has reported about this CRM for a while", "代理已有一段时间没有报告此 CRM"};
  }
  if (facts == nullptr) return from_dimensions(status, nullptr);
  if (facts->vendor_status && *facts->vendor_status >= 2 && now - facts->vendor_status_at <= kNewFailure) {
    return {"vendor", "the vendor's status page reports an incident", "供应商状态页报告了事故"};
  }
  const auto newest = std::max_element(facts->failures.begin(), facts->failures.end(),
                                       [](const auto& a, const auto& b) { return a.second.at < b.second.at; });
  if (newest != facts->failures.end() && now - newest->second.at <= kNewFailure) {
    return from_failure(facts->transport, newest->first, newest->second);
  }
  return from_dimensions(status, facts);
}

}  // namespace crmpulse::collector
