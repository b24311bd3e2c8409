#include "collector/report/format/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/dimension.h"
#include "core/words/value.h"

namespace crmpulse::collector::report {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr int kDigits = 4;
constexpr int kFewDigits = 3;  ///< of means of counts; whole numbers are whole all the same
constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDaysEn{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> kDaysZh{"周日", "周一", "周二", "周三", "周四", "周五", "周六"};
constexpr std::array<std::string_view, 4> kQuarters{"一", "二", "三", "四"};

struct Name {
  std::string_view id;
  std::string_view en;
  std::string_view zh;
};
constexpr std::array kMetrics{
    Name{"score_mean", "Mean health score", "平均健康评分"},
    Name{"healthy_seconds", "Healthy", "理想时长"},
    Name{"degraded_seconds", "Degraded (sub-healthy)", "亚健康时长"},
    Name{"poor_seconds", "Poor", "不良时长"},
    Name{"maintenance_seconds", "Planned maintenance", "计划维护时长"},
    Name{"no_data_seconds", "Not measured", "无数据时长"},
    Name{"availability_ratio", "Checks that were answered", "探测成功率"},
    Name{"response_time_p50", "Half of the calls within", "响应时间中位数"},
    Name{"response_time_p75", "Three of four calls within", "响应时间 p75"},
    Name{"response_time_p95", "95 of 100 calls within", "响应时间 p95"},
    Name{"transaction_success_ratio", "Transactions that succeeded", "事务成功率"},
    Name{"write_visible_seconds", "Until a write is found", "写入后可查到的延迟"},
    Name{"records_per_second", "Records a second", "每秒处理记录数"},
    Name{"data_age_mean", "Age of the newest change, mean", "距最近一次数据变更的平均时长"},
    Name{"data_age_longest", "Longest without a change", "最长无数据变更时长"},
    Name{"active_users", "Active users", "活跃用户数"},
    Name{"logins", "Logins", "登录次数"},
    Name{"records_created", "Records created", "新增记录数"},
    Name{"records_modified", "Records changed", "修改记录数"},
    Name{"activities", "Activities", "业务活动数"},
    Name{"licensed_users", "Seats", "许可用户数"},
    Name{"active_share", "Active users of all seats", "活跃用户占许可用户的比例"},
    Name{"features_used", "Features in use", "使用中的功能数"},
    Name{"features_measured", "Features looked at", "纳入统计的功能数"},
    Name{"features_used_ratio", "Share of features in use", "功能利用率"},
    Name{"incomplete_ratio", "Incomplete records, the worst", "不完整记录占比（最差项）"},
    Name{"duplicate_ratio", "Duplicate records, the worst", "重复记录占比（最差项）"},
    Name{"invalid_ratio", "Invalid records, the worst", "无效记录占比（最差项）"},
    Name{"outdated_ratio", "Outdated records, the worst", "过期记录占比（最差项）"},
    Name{"orphaned_ratio", "Orphaned records, the worst", "孤立记录占比（最差项）"},
    Name{"process_seconds", "Time taken", "流程耗时"},
    Name{"process_overdue_ratio", "Overdue", "逾期占比"},
    Name{"apdex_ratio", "Apdex", "Apdex 指数"},
    Name{"csat_ratio", "Customers satisfied (CSAT)", "客户满意度（CSAT）"},
    Name{"user_satisfaction_ratio", "Users satisfied", "内部用户满意度"},
    Name{"allowance_left_least", "Allowance left, at its least", "剩余配额最低值"},
    Name{"allowance_left_mean", "Allowance left, mean", "剩余配额平均值"},
    Name{"backup_age", "Age of the last backup", "距最近一次备份"},
    Name{"restore_test_age", "Age of the last restore test", "距最近一次恢复演练"},
    Name{"sales_amount", "Sales", "销售额"},
    Name{"sales_growth_ratio", "Growth of sales", "销售额环比增长"},
    Name{"sales_growth_year_ratio", "Growth of sales in a year", "销售额同比增长"},
    Name{"customers", "Customers", "客户数"},
    Name{"customer_retention_ratio", "Customers who stayed", "客户留存率"},
    Name{"win_ratio", "Deals won", "赢单率"},
    Name{"lead_conversion_ratio", "Leads converted", "线索转化率"},
    Name{"incidents", "Incidents", "事件数"},
    Name{"incident_seconds", "Time in incidents", "事件总时长"},
    Name{"acknowledge_seconds_mean", "Until somebody acknowledged, mean", "平均确认时间"},
    Name{"recover_seconds_mean", "Until recovery, mean", "平均恢复时间"},
};
constexpr std::array kOwnDimensions{Name{"health", "health", "健康状态"}, Name{"incidents", "incidents", "事件"},
                                    Name{"goals", "goals", "目标"}};
constexpr std::array kTrends{Name{"unknown", "", ""},          Name{"same", "unchanged", "持平"},
                             Name{"better", "better", "好转"}, Name{"worse", "worse", "变差"},
                             Name{"more", "more", "增加"},     Name{"less", "less", "减少"}};
constexpr std::array kConditions5{Name{"●", "healthy", "理想"}, Name{"▲", "degraded", "亚健康"},
                                  Name{"■", "poor", "不良"}, Name{"◌", "not measured", "无数据"},
                                  Name{"◇", "maintenance", "维护"}};

std::string month_name(std::chrono::month month) {
  return std::string{kMonths.at(static_cast<unsigned>(month) - 1)};
}

std::string capital(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') text.front() = static_cast<char>(text.front() - 32);
  return text;
}

std::string range_en(const year_month_day& first, const year_month_day& last) {
  const unsigned from = static_cast<unsigned>(first.day());
  const unsigned to = static_cast<unsigned>(last.day());
  const int year = static_cast<int>(last.year());
  if (first == last) return fmt::format("{} {} {}", from, month_name(first.month()), year);
  if (first.year() != last.year())
    return fmt::format("{} {} {} to {} {} {}", from, month_name(first.month()), static_cast<int>(first.year()), to,
                       month_name(last.month()), year);
  if (first.month() != last.month())
    return fmt::format("{} {} to {} {} {}", from, month_name(first.month()), to, month_name(last.month()), year);
  return fmt::format("{} to {} {} {}", from, to, month_name(last.month()), year);
}

std::string day_zh(const year_month_day& day) {
  return fmt::format("{} 月 {} 日", static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
}

std::string range_zh(const year_month_day& first, const year_month_day& last) {
  const std::string from = fmt::format("{} 年 {}", static_cast<int>(first.year()), day_zh(first));
  if (first == last) return from;
  if (first.year() != last.year())
    return fmt::format("{}至 {} 年 {}", from, static_cast<int>(last.year()), day_zh(last));
  return fmt::format("{}至 {}", from, day_zh(last));
}

std::string_view metric_name(std::string_view metric, Language language) {
  const auto* known = std::find_if(kMetrics.begin(), kMetrics.end(), [&](const Name& one) { return one.id == metric; });
  if (known == kMetrics.end()) return metric;
  return language == Language::zh ? known->zh : known->en;
}

}  // namespace

std::string dates_text(sys_days first, sys_days end, Language language) {
  const year_month_day from{first};
  const year_month_day last{end - days{1}};
  return language == Language::zh ? range_zh(from, last) : range_en(from, last);
}

std::string period_name(const Period& period, Language language) {
  const year_month_day first{period.first};
  const int year = static_cast<int>(first.year());
  const unsigned month = static_cast<unsigned>(first.month());
  switch (period.kind) {
    case PeriodKind::week: {
      const std::string_view id{period.id};
      const std::string_view week = id.substr(id.find('W') + 1);
      return in_words(language, "week {1} of {0}", "{0} 年第 {1} 周", id.substr(0, 4),
                      week.starts_with('0') ? week.substr(1) : week);
    }
    case PeriodKind::month:
      return language == Language::zh ? fmt::format("{} 年 {} 月", year, month)
                                      : fmt::format("{} {}", month_name(first.month()), year);
    case PeriodKind::quarter:
      return language == Language::zh
                 ? fmt::format("{} 年第{}季度", year, kQuarters.at(month / 3))
                 : fmt::format("the {} quarter of {}", std::array{"first", "second", "third", "fourth"}.at(month / 3),
                               year);
    case PeriodKind::year: return language == Language::zh ? fmt::format("{} 年", year) : fmt::format("{}", year);
    case PeriodKind::range: break;
  }
  return dates_text(period.first, period.end, language);
}

std::string bucket_name(const Bucket& bucket, Language language) {
  const year_month_day first{bucket.first};
  const unsigned day = static_cast<unsigned>(first.day());
  const unsigned month = static_cast<unsigned>(first.month());
  const bool zh = language == Language::zh;
  if (bucket.end - bucket.first > days{7})
    return zh ? fmt::format("{} 月", month) : month_name(first.month()).substr(0, 3);
  if (bucket.end - bucket.first > days{1})
    return zh ? fmt::format("{}/{}", month, day) : fmt::format("{} {}", day, month_name(first.month()).substr(0, 3));
  const std::size_t weekday = std::chrono::weekday{bucket.first}.c_encoding();
  return fmt::format("{} {}", zh ? kDaysZh.at(weekday) : kDaysEn.at(weekday), day);
}

std::string dimension_title(std::string_view dimension, Language language) {
  const auto* own =
      std::find_if(kOwnDimensions.begin(), kOwnDimensions.end(), [&](const Name& one) { return one.id == dimension; });
  std::string_view name = dimension_name(dimension, language);
  if (own != kOwnDimensions.end()) name = language == Language::zh ? own->zh : own->en;
  return capital(std::string{name.empty() ? dimension : name});
}

std::string figure_title(const Figure& figure, Language language) {
  std::string title{metric_name(figure.metric, language)};
  if (!figure.of.empty()) title += in_words(language, ": {}", "：{}", figure.of);
  return title;
}

std::string figure_value(const Figure& figure, const std::optional<double>& value, Language language) {
  if (!value) return language == Language::zh ? "未测量" : "not measured";
  // A share is told beside its target: rounding must not carry it over.
  if (figure.target && value == figure.value)
    return value_beside(*value, std::array{*figure.target}, figure.unit, language);
  return value_text(*value, figure.unit, language,
                    figure.unit.empty() || figure.unit == "count" ? kFewDigits : kDigits);
}

std::string_view to_string(Trend trend) {
  return kTrends.at(static_cast<std::size_t>(trend)).id;
}

std::string_view trend_words(Trend trend, Language language) {
  const Name& name = kTrends.at(static_cast<std::size_t>(trend));
  return language == Language::zh ? name.zh : name.en;
}

std::string_view condition_name(Condition condition, Language language) {
  const Name& name = kConditions5.at(static_cast<std::size_t>(condition));
  return language == Language::zh ? name.zh : name.en;
}

std::string_view condition_shape(Condition condition) {
  return kConditions5.at(static_cast<std::size_t>(condition)).id;
}

std::string_view unit_of_metric(std::string_view metric) {
  if (metric.ends_with("_ratio") || metric == "crm_up" || metric.ends_with("_success")) return "ratio";
  if (metric.ends_with("_per_second")) return "records/s";
  if (metric.ends_with("_seconds")) return "seconds";
  return metric.ends_with("_bytes") ? "bytes" : "count";
}

std::vector<std::string> dimensions_of(const Incident& incident) {
  std::vector<std::string> out;
  for (const FailingSpan& span : incident.failing) {
    if (std::find(out.begin(), out.end(), span.dimension) == out.end()) out.push_back(span.dimension);
  }
  return out;
}

}  // namespace crmpulse::collector::report
