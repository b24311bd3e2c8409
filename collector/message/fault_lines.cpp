#include "collector/message/fault_lines.h"

#include <algorithm>
#include <array>

namespace crmpulse::collector {
namespace {

constexpr std::array kDatabaseLines{
    FaultLine{"connect", "refused", "database", "the database refuses connections", "数据库拒绝连接"},
    FaultLine{"connect", "timeout", "network", "the database's host does not answer", "数据库主机没有响应"},
    FaultLine{"connect", "unreachable", "network", "the database's host cannot be reached", "无法连接数据库主机"},
    FaultLine{"connect", "missing", "database", "the database does not exist", "数据库不存在"},
    FaultLine{"connect", "quota", "database", "the database has no connection left", "数据库的连接数已用尽"},
    FaultLine{"request", "timeout", "database", "the database does not finish {} in time", "数据库未能按时完成 {}"},
    FaultLine{"response", "timeout", "database", "the database does not finish {} in time", "数据库未能按时完成 {}"},
    FaultLine{"request", "missing", "database", "a table or column that {} needs is missing", "{} 所需的表或列不存在"},
    FaultLine{"request", "conflict", "database", "locks in the database keep {} from finishing",
              "{} 因数据库中的锁而无法完成"},
    FaultLine{"", "maintenance", "database", "the database is starting, stopping or in recovery",
              "数据库正在启动、停止或恢复"},
    FaultLine{"", "server_error", "database", "the database reports an error in {}", "数据库执行 {} 时报错"},
};

constexpr std::array kLines{
    FaultLine{"", "credentials", "credentials", "the CRM does not accept the monitoring account's credentials",
              "CRM 不接受监控账号的凭据"},
    FaultLine{"", "permission", "credentials", "the monitoring account lacks the right to {}", "监控账号无权执行 {}"},
    FaultLine{"", "quota", "quota", "the CRM's API allowance is used up", "CRM 的 API 配额已用尽"},
    FaultLine{"", "rate_limited", "quota", "the CRM limits the rate of calls", "调用被 CRM 限流"},
    FaultLine{"resolve", "", "network", "the CRM's name cannot be resolved", "无法解析 CRM 的域名"},
    FaultLine{"connect", "refused", "vendor", "the CRM's server refuses connections", "CRM 服务器拒绝连接"},
    FaultLine{"connect", "", "network", "the CRM cannot be reached from the agent", "探针无法连接 CRM"},
    FaultLine{"tls", "certificate", "vendor", "the CRM's certificate is not valid", "CRM 的证书无效"},
    FaultLine{"tls", "", "network", "no TLS connection to the CRM", "无法与 CRM 建立 TLS 连接"},
    FaultLine{"", "maintenance", "vendor", "the CRM says it is under maintenance", "CRM 表示正在维护"},
    FaultLine{"", "server_error", "vendor", "the CRM answers {} with an error", "CRM 对 {} 返回错误"},
    FaultLine{"", "timeout", "vendor", "the CRM does not answer {} in time", "CRM 未能按时响应 {}"},
    FaultLine{"content", "missing", "data", "what {} looks for is not there", "{} 要查找的内容不存在"},
    FaultLine{"content", "", "vendor", "the CRM answers {} with something unexpected", "CRM 对 {} 返回了意外的内容"},
    FaultLine{"", "bad_content", "vendor", "the CRM answers {} with something unexpected",
              "CRM 对 {} 返回了意外的内容"},
    FaultLine{"", "missing", "data", "what {} looks for is not there", "{} 要查找的内容不存在"},
    FaultLine{"", "conflict", "data", "{} meets a conflicting record", "{} 遇到记录冲突"},
    FaultLine{"", "skipped", "agent", "the agent skipped {}", "探针跳过了 {}"},
    FaultLine{"", "unreachable", "network", "the CRM cannot be reached from the agent", "探针无法连接 CRM"},
};

}  // namespace

const FaultLine* find_fault_line(std::string_view transport, std::string_view stage, std::string_view reason) {
  const auto fits = [&](const FaultLine& line) {
    return (line.stage.empty() || line.stage == stage) && (line.reason.empty() || line.reason == reason);
  };
  if (transport == "sql") {
    const auto line = std::find_if(kDatabaseLines.begin(), kDatabaseLines.end(), fits);
    if (line != kDatabaseLines.end()) return &*line;
  }
  const auto line = std::find_if(kLines.begin(), kLines.end(), fits);
  return line == kLines.end() ? nullptr : &*line;
}

}  // namespace crmpulse::collector
