#include "collector/text/value_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "core/dimension.h"
namespace crmpulse::collector {
namespace {

struct Name {
  std::string_view id;
  std::string_view en;
  std::string_view zh;
};

/// The shipped rules whose dimension alone does not say what their number is.
constexpr std::array kRules{
    Name{"latency_slow_share", "share of slow calls", "慢调用占比"},
    Name{"availability_outage", "failed checks in a row", "连续检查失败次数"},
    Name{"transactions_failing", "failed transactions in a row", "事务连续失败次数"},
    Name{"staleness", "time since anything changed", "距上次数据更新的时间"},
    Name{"staleness_object", "time since the last change", "距上次修改的时间"},
    Name{"usage", "active users of those licensed", "活跃用户占授权用户比例"},
    Name{"usage_drop", "drop in usage", "使用量降幅"},
    Name{"data_quality_incomplete", "incomplete records", "不完整记录占比"},
    Name{"data_quality_duplicate", "duplicate records", "重复记录占比"},
    Name{"data_quality_invalid", "invalid records", "无效记录占比"},
    Name{"data_quality_outdated", "outdated records", "过期记录占比"},
    Name{"data_quality_orphaned", "orphaned records", "孤立记录占比"},
    Name{"check_complete", "incomplete records (your check)", "不完整记录占比（自定义检查）"},
    Name{"check_unique", "duplicate records (your check)", "重复记录占比（自定义检查）"},
    Name{"check_valid", "invalid records (your check)", "无效记录占比（自定义检查）"},
    Name{"check_fresh", "outdated records (your check)", "过期记录占比（自定义检查）"},
    Name{"check_orphan", "orphaned records (your check)", "孤立记录占比（自定义检查）"},
    Name{"process_lead_response", "lead response time", "线索响应时间"},
    Name{"process_deal_idle", "idle deals", "停滞商机占比"},
    Name{"process_automation", "failed automations", "自动化失败率"},
    Name{"satisfaction_apdex", "Apdex", "Apdex 指数"},
    Name{"satisfaction_csat", "customer satisfaction (CSAT)", "客户满意度（CSAT）"},
    Name{"throughput", "drop in throughput", "处理速度降幅"},
    Name{"quota", "API allowance left", "剩余 API 配额"},
    Name{"safety_backup", "age of the last backup", "距上次备份的时间"},
    Name{"safety_restore_test", "age of the last restore test", "距上次恢复演练的时间"},
    Name{"safety_certificate", "certificate expiry", "证书到期"},
};

constexpr Duration kWorthSaying{std::chrono::minutes{2}};  ///< shorter spans are not told

const Name* find_rule(std::string_view id) {
  const auto* found = std::find_if(kRules.begin(), kRules.end(), [&](const Name& name) { return name.id == id; });
  return found == kRules.end() ? nullptr : found;
}

template <class Named>
std::string_view in(const Named& name, Language language) {
  return language == Language::zh ? name.zh : name.en;
}

/// Significant digits, never an exponent; thousands apart from 1,000 on.
std::string number_text(double value, int digits) {
  if (!std::isfinite(value)) return "?";
  if (std::abs(value) < 1e-12) return "0";
  const int before = static_cast<int>(std::floor(std::log10(std::abs(value)))) + 1;
  std::string text = fmt::format("{:.{}f}", value, std::clamp(digits - before, 0, 15));
  const std::size_t point = text.find('.');
  if (point != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  const std::size_t whole = std::min(text.find('.'), text.size());
  const std::size_t sign = text.front() == '-' ? 1 : 0;
  for (std::size_t at = whole; at > sign + 3;) text.insert(at -= 3, ",");
  return text;
}

struct TimeUnit {
  double below;  ///< seconds: up to here the unit is used
  double size;
  std::string_view en;
  std::string_view zh;
};
constexpr std::array kTimeUnits{
    TimeUnit{1, 0.001, "ms", "毫秒"},         TimeUnit{120, 1, "s", "秒"},   TimeUnit{3600, 60, "min", "分钟"},
    TimeUnit{48 * 3600.0, 3600, "h", "小时"}, TimeUnit{0, 86400, "d", "天"},
};

std::string seconds_text(double seconds, Language language, int digits) {
  if (!std::isfinite(seconds)) return "?";
  const double size = std::abs(seconds);
  if (size < 1e-9) return language == Language::zh ? "0 秒" : "0 s";
  const auto unit =
      std::find_if(kTimeUnits.begin(), kTimeUnits.end() - 1, [size](const TimeUnit& one) { return size < one.below; });
  const std::string number = number_text(size / unit->size, digits);
  if (language == Language::zh) return fmt::format("{}{} {}", seconds < 0 ? "还有 " : "", number, unit->zh);
  return fmt::format("{} {}{}", number, unit->en, seconds < 0 ? " to go" : "");
}

}  // namespace

std::string value_text(double value, std::string_view unit, Language language, int digits) {
  if (unit == "seconds") return seconds_text(value, language, std::max(2, digits - 1));
  if (unit == "ratio") return number_text(value * 100, digits) + "%";
  if (unit.empty() || unit == "count") return number_text(value, digits);
  if (unit == "burn_rate")
    return in_words(language, "{} times the error budget", "{} 倍错误预算消耗速度", number_text(value, digits));
  return fmt::format("{} {}", number_text(value, digits), unit);
}

std::string against_threshold(double value, double threshold, Worse worse, Level level, std::string_view unit,
                              Language language, bool working_time) {
  std::string now;
  std::string line;
  for (int digits = 4; digits <= 8; ++digits) {
    now = value_text(value, unit, language, digits);
    line = value_text(threshold, unit, language, digits);
    if (now != line || value == threshold) break;
  }
  const bool ahead = unit == "seconds" && threshold < 0;
  if (language == Language::zh) {
    const char* sign = ahead ? "" : worse == Worse::below ? "≤ " : "≥ ";
    const char* hours = working_time ? "只计工作时间，" : "";
    return fmt::format("{}（{}{}阈值 {}{}）", now, hours, level_words(level, language), sign, line);
  }
  const char* word = level == Level::poor ? "poor" : "sub-healthy";
  if (working_time) now += " of working time";
  if (worse == Worse::below) return fmt::format("{} ({} at {} or less)", now, word, line);
  return fmt::format("{} ({} from {})", now, word, line);
}

std::string moment_text(TimePoint at, TimePoint now) {
  const std::string text = format_time(at);
  const std::string clock = text.substr(11, 5) + " UTC";
  return text.substr(0, 10) == format_time(now).substr(0, 10) ? clock : text.substr(0, 10) + " " + clock;
}

std::string span_text(Duration span, Language language) {
  return value_text(to_seconds(std::max(span, Duration{0})), "seconds", language, 3);
}

std::string since_text(TimePoint since, TimePoint at, Language language) {
  const std::string clock = moment_text(since, at);
  if (at - since < kWorthSaying) return clock;
  const std::string span = span_text(at - since, language);
  return in_words(language, "{} ({})", "{}（已 {}）", clock, span);
}

std::string lasted_text(TimePoint since, TimePoint until, Language language) {
  return in_words(language, "{} ({} to {})", "{}（{} 至 {}）", span_text(until - since, language),
                  moment_text(since, until), moment_text(until, until));
}

std::string rule_name(std::string_view rule, std::string_view dimension, Language language) {
  if (const Name* name = find_rule(rule)) return std::string{in(*name, language)};
  const DimensionName* known = find_dimension(dimension);
  std::string name{known != nullptr ? in(*known, language) : dimension};
  if (rule.empty() || rule == dimension) return name;
  if (rule.starts_with(dimension) && rule.size() > dimension.size() + 1) rule.remove_prefix(dimension.size() + 1);
  return language == Language::zh ? fmt::format("{}（{}）", name, rule) : fmt::format("{} ({})", name, rule);
}

std::string_view level_words(Level level, Language language) {
  if (language == Language::zh) return chinese(level);
  switch (level) {
    case Level::healthy: return "HEALTHY";
    case Level::sub_healthy: return "SUB-HEALTHY";
    case Level::poor: return "POOR";
  }
  return "POOR";
}

}  // namespace crmpulse::collector
