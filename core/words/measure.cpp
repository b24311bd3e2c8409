#include "core/words/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/words/value.h"

namespace crmpulse {
namespace {

std::string_view in(Language language, std::string_view en, std::string_view zh) {
  return language == Language::zh ? zh : en;
}

struct Name {
  std::string_view id;
  std::string_view en;
  std::string_view zh;
};

/// The shipped rules whose dimension alone does not say what their number is.
constexpr std::array kRules{
    Name{"latency_slow_share", "share of slow calls", "慢调用占比"},
    Name{"page_time", "page load time", "页面加载时间"},
    Name{"page_time_over_3s", "page views slower than 3 s", "加载超过 3 秒的页面占比"},
    Name{"page_time_over_5s", "page views slower than 5 s", "加载超过 5 秒的页面占比"},
    Name{"usage", "active users of those licensed", "活跃用户占授权用户比例"},
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
    Name{"satisfaction_csat", "customer satisfaction (CSAT)", "客户满意度（CSAT）"},
    Name{"quota", "API allowance left", "剩余 API 配额"},
};

/// How the number stands in its phrase.
enum class Form {
  value,   ///< with its unit, and the threshold behind it
  number,  ///< without a unit
  ahead,   ///< an age below zero: the time that is left
  fact,    ///< no number at all: it is so
  failed,  ///< 0 or 1, said only of the newest
  status   ///< what a vendor says of itself
};

/// `{}` is the number. A phrase that is not `whole` needs the name before it.
struct Phrase {
  std::string_view rules;      ///< the shipped ids, for values of which no more is known; blanks around each
  std::string_view dimension;  ///< empty: any
  std::string_view metric;     ///< empty: any
  std::string_view aggregator;
  Form form = Form::value;
  bool whole = true;
  std::string_view en;
  std::string_view zh;
  std::string_view one_en = {};   ///< of exactly one
  std::string_view past_en = {};  ///< of `ahead`, once it is over
  std::string_view past_zh = {};
};

/// The first that fits counts.
constexpr std::array kPhrases{
    Phrase{" availability_outage ", "", "crm_up", "failures_in_row", Form::number, true, "{} checks in a row failed",
           "连续 {} 次检查失败", "{} check failed"},
    Phrase{" transactions_failing ", "", "crm_transaction_success", "failures_in_row", Form::number, true,
           "{} transactions in a row failed", "连续 {} 次事务失败", "{} transaction failed"},
    Phrase{"", "", "crm_operation_success", "failures_in_row", Form::number, true, "{} calls in a row failed",
           "连续 {} 次调用失败", "{} call failed"},
    Phrase{"", "", "", "failures_in_row", Form::number, false, "failed {} times in a row", "连续 {} 次失败",
           "failed once"},
    Phrase{" staleness staleness_object ", "", "crm_last_modified_timestamp_seconds", "age", Form::value, true,
           "no change for {}", "数据已 {}未更新"},
    Phrase{" staleness_sync ", "", "crm_sync_timestamp_seconds", "age", Form::value, true, "not synchronised for {}",
           "已 {}未同步"},
    Phrase{" staleness_change_events ", "", "crm_change_event_timestamp_seconds", "age", Form::value, true,
           "change events are {} behind", "变更事件已滞后 {}"},
    Phrase{" safety_backup ", "", "crm_backup_timestamp_seconds", "age", Form::value, true, "no backup for {}",
           "已 {}未备份"},
    Phrase{" safety_backup_size ", "", "crm_backup_bytes", "baseline_drop", Form::value, true,
           "the backup is {} smaller than usual", "备份比平时小 {}"},
    Phrase{" safety_restore_test ", "", "crm_restore_test_timestamp_seconds", "age", Form::value, true,
           "no restore test for {}", "已 {}未做恢复演练"},
    Phrase{" safety_certificate ", "", "crm_certificate_expiry_timestamp_seconds", "age", Form::ahead, true,
           "the certificate expires in {}", "证书将在 {}后到期", "", "the certificate expired {} ago", "证书已过期 {}"},
    Phrase{"", "", "crm_api_exhaustion_timestamp_seconds", "age", Form::ahead, true,
           "the API allowance is used up in {}", "API 配额将在 {}后用尽", "",
           "the API allowance was to be used up {} ago", "API 配额预计已于 {}前用尽"},
    Phrase{"", "", "", "age", Form::ahead, false, "due in {}", "将在 {}后到期", "", "nothing new for {}",
           "已 {}没有更新"},
    Phrase{" throughput usage_drop ", "", "", "baseline_drop", Form::value, false, "{} below the usual level",
           "比平时低 {}"},
    Phrase{" availability_burn_fast availability_burn_slow availability_burn_day availability_burn_three_days ", "", "",
           "burn", Form::number, true, "the error budget is spent at {} times the allowed rate",
           "错误预算消耗速度为允许值的 {} 倍"},
    Phrase{" satisfaction_apdex satisfaction_apdex_hour ", "", "", "apdex", Form::number, true, "Apdex {}",
           "Apdex 为 {}"},
    Phrase{" quota_refused ", "quota", "crm_failure", "", Form::fact, true,
           "calls are refused, the API allowance is used up", "调用被拒绝，API 配额已用尽"},
    Phrase{"", "", "crm_failure", "", Form::fact, false, "calls fail", "调用失败"},
    Phrase{" quota_paused ", "", "crm_agent_paused_seconds", "", Form::value, true,
           "nothing asked for {}, the CRM wants to be left alone", "应 CRM 要求已暂停访问 {}"},
    Phrase{"", "", "crm_vendor_status", "last", Form::status, true, "the vendor reports {}", "厂商报告{}"},
    Phrase{"", "", "crm_up", "last", Form::failed, true, "the last check failed", "最近一次检查失败", "",
           "the last check succeeded", "最近一次检查成功"},
    Phrase{"", "", "crm_operation_success", "last", Form::failed, true, "the last call failed", "最近一次调用失败", "",
           "the last call succeeded", "最近一次调用成功"},
    Phrase{"", "", "crm_transaction_success", "last", Form::failed, true, "the last transaction failed",
           "最近一次事务失败", "", "the last transaction succeeded", "最近一次事务成功"},
};

/// Older messages name no metric and no aggregator: of them the shipped ids are known.
const Phrase* find_phrase(const Measured& measured) {
  const std::string padded = fmt::format(" {} ", measured.rule);
  const auto any_or = [](std::string_view wanted, std::string_view is) { return wanted.empty() || wanted == is; };
  const auto* found = std::find_if(kPhrases.begin(), kPhrases.end(), [&](const Phrase& one) {
    if (measured.metric.empty()) return one.rules.find(padded) != std::string_view::npos;
    return any_or(one.dimension, measured.dimension) && any_or(one.metric, measured.metric) &&
           any_or(one.aggregator, measured.aggregator);
  });
  return found == kPhrases.end() ? nullptr : found;
}

std::string filled(std::string_view phrase, const std::string& number) {
  std::string text{phrase};
  if (const auto place = text.find("{}"); place != std::string::npos) text.replace(place, 2, number);
  return text;
}

std::string vendor_status(double status, Language language) {
  if (status < 1) return std::string{in(language, "no incident", "一切正常")};
  if (status < 2) return std::string{in(language, "maintenance", "正在维护")};
  return std::string{status < 3 ? in(language, "a minor incident", "轻微故障")
                                : in(language, "a major incident", "重大故障")};
}

std::string_view unit_of(const Measured& measured, const Phrase* phrase) {
  return phrase != nullptr && phrase->form == Form::number ? std::string_view{"count"} : measured.unit;
}

/// The value with its unit, told apart from both lines.
std::string number_words(const Measured& measured, double value, const std::array<double, 2>& lines,
                         std::string_view unit, Language language) {
  std::string number = value_beside(value, lines, unit, language);
  if (measured.working_time && language == Language::en) number += " of working time";
  return number;
}

std::string phrase_text(const Measured& measured, const Phrase& phrase, Language language) {
  const std::string_view unit = unit_of(measured, &phrase);
  const bool past =
      phrase.form == Form::ahead ? measured.value >= 0 : phrase.form == Form::failed && measured.value >= 1;
  const std::string_view said = past ? in(language, phrase.past_en, phrase.past_zh)
                                : measured.value == 1 && !phrase.one_en.empty() ? in(language, phrase.one_en, phrase.zh)
                                                                                : in(language, phrase.en, phrase.zh);
  switch (phrase.form) {
    case Form::fact:
    case Form::failed: return std::string{said};
    case Form::status: return filled(said, vendor_status(measured.value, language));
    case Form::ahead: {
      // The phrase says which side of now it is.
      const std::array<double, 2> lines{std::abs(measured.lines[0]), std::abs(measured.lines[1])};
      return filled(said, number_words(measured, std::abs(measured.value), lines, unit, language));
    }
    case Form::value:
    case Form::number: break;
  }
  return filled(said, number_words(measured, measured.value, measured.lines, unit, language));
}

/// Chinese has blanks only beside Latin letters and digits.
std::string_view between(std::string_view before, std::string_view after, Language language) {
  const auto latin = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (language == Language::en) return " ";
  if (before.empty() || after.empty() || before.ends_with("）")) return "";
  return latin(before.back()) || latin(after.front()) ? " " : "";
}

/// `(poor from 3 s)`, `（达 3 秒为不良）`
std::string clause(const Passed& passed, std::string line, bool ahead, Language language, std::string_view before_zh) {
  if (language == Language::zh) line += between(line, "为", language);
  if (ahead) return in_words(language, " ({} from {} before)", "（{2}提前 {1}为{0}）", passed.level, line, before_zh);
  if (passed.below)
    return in_words(language, " ({} at {} or less)", "（{2}低至 {1}为{0}）", passed.level, line, before_zh);
  return in_words(language, " ({} from {})", "（{2}达 {1}为{0}）", passed.level, line, before_zh);
}

std::string line_text(double value, const Passed& passed, const std::array<double, 2>& lines, std::string_view unit,
                      Language language) {
  const int digits = digits_beside(value, lines, unit);
  return digits > 0 ? value_text(passed.line, unit, language, digits) : value_text(passed.line, unit, language);
}

}  // namespace

std::string measure_name(const Measured& measured, Language language) {
  const auto* const known =
      std::find_if(kRules.begin(), kRules.end(), [&](const Name& name) { return name.id == measured.rule; });
  std::string name;
  if (known != kRules.end()) {
    name = in(language, known->en, known->zh);
  } else {
    name = measured.dimension_name.empty() ? measured.dimension : measured.dimension_name;
    std::string_view rest = measured.rule;
    const Phrase* phrase = find_phrase(measured);
    // Its phrase says more than its id.
    const bool shipped = phrase != nullptr && phrase->rules.find(fmt::format(" {} ", rest)) != std::string_view::npos;
    if (rest.starts_with(measured.dimension) && rest.size() > measured.dimension.size() + 1)
      rest.remove_prefix(measured.dimension.size() + 1);
    if (!shipped && !rest.empty() && rest != measured.dimension) name += in_words(language, " ({})", "（{}）", rest);
  }
  if (!measured.of.empty()) name += in_words(language, " ({})", "（{}）", measured.of);
  return name;
}

std::string measured_text(const Measured& measured, Language language) {
  if (const Phrase* phrase = find_phrase(measured)) return phrase_text(measured, *phrase, language);
  return number_words(measured, measured.value, measured.lines, measured.unit, language);
}

std::string threshold_text(const Measured& measured, bool below, Language language) {
  const std::string text = measured_text(measured, language);
  if (find_phrase(measured) != nullptr)
    return below ? in_words(language, "once {} or less", "{}或更低", text) : in_words(language, "once {}", "{}", text);
  return below ? in_words(language, "at {} or less", "低至 {}", text) : in_words(language, "from {}", "达 {}", text);
}

MeasureWords measure_words(const Measured& measured, const Passed& passed, Language language) {
  MeasureWords words{measure_name(measured, language), measured_text(measured, language), {}};
  const Phrase* phrase = find_phrase(measured);
  const Form form = phrase == nullptr ? Form::value : phrase->form;
  if (form == Form::value || form == Form::number || form == Form::ahead) {
    const bool ahead = passed.line < 0 && (form == Form::ahead || measured.unit == "seconds");
    const std::string_view unit = unit_of(measured, phrase);
    Passed told = passed;
    if (ahead) told.line = -told.line;
    const std::array<double, 2> lines = ahead ? std::array{-measured.lines[0], -measured.lines[1]} : measured.lines;
    const double value = ahead ? -measured.value : measured.value;
    std::string line = line_text(value, told, lines, unit, language);
    const bool times = phrase != nullptr && phrase->zh.find("{} 次") != std::string_view::npos;
    if (times && language == Language::zh) line += " 次";
    words.value += clause(told, std::move(line), ahead, language, measured.working_time ? "只计工作时间，" : "");
  }
  const bool whole = phrase != nullptr && phrase->whole;
  if (!whole) {
    words.said = fmt::format("{}{}{}", words.name, between(words.name, words.value, language), words.value);
  } else if (measured.of.empty()) {
    words.said = words.value;
  } else {
    words.said = in_words(language, "{}: {}", "{}：{}", measured.of, words.value);
  }
  return words;
}

}  // namespace crmpulse
