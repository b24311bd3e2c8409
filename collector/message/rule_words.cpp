#include "collector/message/rule_words.h"

#include <fmt/format.h>

#include <string>

#include "core/dimension.h"
#include "core/words/clock.h"
#include "core/words/measure.h"
#include "core/words/value.h"

namespace crmpulse::collector {
namespace {

/// How the readings of a window become the one value that is judged; empty where the newest counts.
std::string gathered(const Rule& rule, Language language) {
  const std::string span = span_text(rule.window, language);
  switch (rule.aggregator) {
    case Aggregator::last:
    case Aggregator::age:
    case Aggregator::failures_in_row: return {};
    case Aggregator::avg: return in_words(language, "mean of {}", "{}的平均值", span);
    case Aggregator::min: return in_words(language, "lowest of {}", "{}内的最小值", span);
    case Aggregator::max: return in_words(language, "highest of {}", "{}内的最大值", span);
    case Aggregator::quantile:
      return in_words(language, "{1} of {0}", "{}的 {}", span, to_string(rule.aggregator, rule.quantile));
    case Aggregator::ratio: return in_words(language, "good ones of {}", "{}内的成功占比", span);
    case Aggregator::rate: return in_words(language, "increase per second over {}", "{}内每秒的增量", span);
    case Aggregator::count: return in_words(language, "how many in {}", "{}内的次数", span);
    case Aggregator::burn:
      if (rule.short_window == Duration{0}) return in_words(language, "over {}", "{}内", span);
      return in_words(language, "over {} and over {}", "{}内及 {}内", span, span_text(rule.short_window, language));
    case Aggregator::apdex:
      return in_words(language, "target {}, over {}", "目标 {}，{}内", value_text(rule.target, "seconds", language),
                      span);
    case Aggregator::baseline_drop:
      return in_words(language, "{} against the same hour of the last four weeks", "{}，与过去四周同一小时比较", span);
    case Aggregator::share_above:
      return in_words(language, "those above {}, of {}", "超过 {} 的占比，{}内",
                      value_text(rule.target, "seconds", language), span);
  }
  return {};
}

std::string subject(const Rule& rule, const Measured& measured, Language language) {
  std::string text = measure_name(measured, language);
  std::string how = gathered(rule, language);
  const auto add = [&](const std::string& more) {
    if (!how.empty()) how += in_words(language, ", ", "，");
    how += more;
  };
  if (!rule.each.empty()) add(in_words(language, "each {} by itself", "按 {} 逐一判定", rule.each));
  if (rule.quorum > 1) add(in_words(language, "seen by {} agents", "至少 {} 个探针观察到", rule.quorum));
  if (how.empty()) return text;
  return text + in_words(language, " ({})", "（{}）", how);
}

std::string condition(const Rule& rule, Measured measured, const Threshold& threshold, Language language) {
  measured.value = threshold.enter;
  std::string text = threshold_text(measured, rule.op == Direction::below, language);
  if (threshold.hold > Duration{0})
    text += in_words(language, ", held for {}", "，持续 {}", span_text(threshold.hold, language));
  return text;
}

std::string words(const Rule& rule, Language language) {
  const std::string aggregator = to_string(rule.aggregator, rule.quantile);
  const Measured measured{.rule = rule.id,
                          .dimension = rule.dimension,
                          .dimension_name = dimension_name(rule.dimension, language),
                          .metric = rule.measure.metric,
                          .aggregator = aggregator,
                          .unit = rule.unit,
                          .of = {},
                          .lines = {rule.sub.enter, rule.poor.enter},
                          .working_time = rule.aggregator == Aggregator::age && (rule.active || rule.active_crm)};
  std::string text =
      in_words(language, "{}: sub-healthy {}; poor {}", "{}。亚健康：{}；不良：{}", subject(rule, measured, language),
               condition(rule, measured, rule.sub, language), condition(rule, measured, rule.poor, language));
  if (rule.active || rule.active_crm) text += in_words(language, "; judged in working hours", "；只在工作时间判定");
  if (rule.role == Role::soft)
    text += in_words(language, "; alone it makes a CRM sub-healthy at most", "；单独最多使 CRM 为亚健康");
  return text;
}

}  // namespace

Bilingual rule_words(const Rule& rule) {
  return {words(rule, Language::en), words(rule, Language::zh)};
}

}  // namespace crmpulse::collector
