#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "collector/message/words.h"
#include "collector/report/format/words.h"
#include "core/words/clock.h"
#include "core/words/value.h"

namespace crmpulse::collector::report {
namespace {

std::string join(const std::vector<std::string>& sentences, Language language) {
  return fmt::format("{}", fmt::join(sentences, language == Language::zh ? "" : " "));
}

std::string availability_sentence(const Report& report, Language language) {
  const std::string period = period_name(report.period, language);
  const Figure* figure = find(report.figures, "availability_ratio");
  if (figure == nullptr || !figure->value) {
    return in_words(language, "No check of {} is stored for {}: its availability is not known.",
                    "{1}没有 {0} 的探测记录，可用性未知。", report.crm, period);
  }
  const std::string value = figure_value(*figure, figure->value, language);
  std::string before;
  if (figure->previous && report.previous) {
    before = in_words(language, "; in {} it was {}", "（{}为 {}）", period_name(*report.previous, language),
                      value_text(*figure->previous, "ratio", language));
  }
  if (!figure->target) {
    return in_words(language, "In {1} {0} answered {2} of the checks{3}.", "{1}，{0} 的探测成功率为 {2}{3}。",
                    report.crm, period, value, before);
  }
  const std::string target = value_text(*figure->target, "ratio", language);
  if (*figure->met()) {
    return in_words(language, "In {1} {0} answered {2} of the checks and met the target of {3}{4}.",
                    "{1}，{0} 的探测成功率为 {2}，达到目标 {3}{4}。", report.crm, period, value, target, before);
  }
  return in_words(language, "In {1} {0} answered {2} of the checks and missed the target of {3}{4}.",
                  "{1}，{0} 的探测成功率为 {2}，未达到目标 {3}{4}。", report.crm, period, value, target, before);
}

std::string state_sentence(const StateTimes& states, Language language) {
  const auto span = [&](Condition condition) { return span_text(states.of(condition), language); };
  const bool poor = states.of(Condition::poor) > Duration{0};
  const bool degraded = states.of(Condition::degraded) > Duration{0};
  if (states.judged() == Duration{0})
    return language == Language::zh ? "没有状态记录。" : "No state of it is on record.";
  if (!poor && !degraded)
    return language == Language::zh ? "有状态记录的时间里一直处于理想状态。" : "Whenever it was judged it was healthy.";
  if (!poor)
    return in_words(language, "It was degraded for {} and never poor.", "亚健康 {}，没有不良。",
                    span(Condition::degraded));
  if (!degraded) return in_words(language, "It was poor for {}.", "不良 {}。", span(Condition::poor));
  return in_words(language, "It was poor for {} and degraded for {}.", "不良 {}，亚健康 {}。", span(Condition::poor),
                  span(Condition::degraded));
}

std::string apart_sentence(const StateTimes& states, Language language) {
  std::vector<std::string> out;
  if (const Duration time = states.of(Condition::maintenance); time > Duration{0}) {
    out.push_back(in_words(language, "Planned maintenance of {} counts in neither.", "计划维护 {}，不计入以上数据。",
                           span_text(time, language)));
  }
  if (const Duration time = states.of(Condition::no_data); time > Duration{0} && states.judged() > Duration{0}) {
    out.push_back(in_words(language, "For {} nothing was measured.", "另有 {}无数据。", span_text(time, language)));
  }
  return join(out, language);
}

std::string incidents_sentence(const Report& report, Language language) {
  const IncidentSums& sums = report.incident_sums;
  if (sums.count == 0) return language == Language::zh ? "没有发生事件。" : "There was no incident.";
  std::string text = sums.count == 1 ? in_words(language, "There was one incident, of {}", "发生 1 起事件，历时 {}",
                                                span_text(sums.cost, language))
                                     : in_words(language, "There were {} incidents, of {} together",
                                                "发生 {} 起事件，共 {}", sums.count, span_text(sums.cost, language));
  if (sums.to_acknowledge) {
    text += in_words(language, "; somebody acknowledged after {} on average", "；平均 {}后有人确认",
                     span_text(*sums.to_acknowledge, language));
  } else if (sums.not_acknowledged > 0) {
    text += language == Language::zh ? "；无人确认" : "; nobody acknowledged";
  }
  return text + (language == Language::zh ? "。" : ".");
}

Duration bad_of(const BucketFigures& one) {
  return one.states.of(Condition::poor) + one.states.of(Condition::degraded);
}

std::string unit_value(const Goal& goal, double value, Language language) {
  return value_text(value, unit_of_metric(goal.metric), language);
}

/// `+1.2 points a week` of shares, else `+3 a week`.
std::string pace_text(const Goal& goal, double pace, Language language) {
  const bool share = unit_of_metric(goal.metric) == "ratio";
  const std::string sign = pace < 0 ? "−" : "+";
  if (share) {
    return in_words(language, "{}{} percentage points a week", "每周 {}{} 个百分点", sign,
                    value_text(std::abs(pace) * 100, "", language, 3));
  }
  return in_words(language, "{}{} a week", "每周 {}{}", sign,
                  value_text(std::abs(pace), unit_of_metric(goal.metric), language, 3));
}

}  // namespace

std::string summary(const Report& report, Language language) {
  std::vector<std::string> sentences{availability_sentence(report, language), state_sentence(report.states, language)};
  if (std::string apart = apart_sentence(report.states, language); !apart.empty()) sentences.push_back(apart);
  sentences.push_back(incidents_sentence(report, language));
  return join(sentences, language);
}

std::string chart_sentence(const Report& report, Language language) {
  const auto worst = std::max_element(report.buckets.begin(), report.buckets.end(),
                                      [](const BucketFigures& a, const BucketFigures& b) {
                                        const Duration poor_a = a.states.of(Condition::poor);
                                        const Duration poor_b = b.states.of(Condition::poor);
                                        return poor_a != poor_b ? poor_a < poor_b : bad_of(a) < bad_of(b);
                                      });
  if (report.states.judged() == Duration{0})
    return language == Language::zh ? "这段时间没有状态记录，因此没有可画的内容。"
                                    : "No state is on record for this time, so there is nothing to draw.";
  if (worst == report.buckets.end() || bad_of(*worst) == Duration{0})
    return language == Language::zh ? "没有亚健康或不良的时段。" : "At no time was it degraded or poor.";
  const bool poor = worst->states.of(Condition::poor) > Duration{0};
  const std::string when = dates_text(worst->bucket.first, worst->bucket.end, language);
  const std::string lasted = span_text(poor ? worst->states.of(Condition::poor) : bad_of(*worst), language);
  const bool daily = worst->bucket.end - worst->bucket.first == std::chrono::days{1};
  if (language == Language::zh)
    return fmt::format("最差的{}是 {}：{} {}。", daily ? "一天" : "时段", when, poor ? "不良" : "亚健康", lasted);
  return fmt::format("The worst {} was {}: {} for {}.", daily ? "day" : "part", when, poor ? "poor" : "degraded",
                     lasted);
}

std::string goal_sentence(const GoalProgress& one, Language language) {
  const Goal& goal = one.goal;
  if (!one.now)
    return language == Language::zh ? "最近一周没有读数，无法判断进展。"
                                    : "Nothing was measured in the last week: the progress is not known.";
  if (one.reached) return language == Language::zh ? "已达成。" : "It is reached.";
  const std::string missing = unit_value(goal, std::abs(goal.target - one.now->value), language);
  if (one.over) return in_words(language, "The date has passed; {} are missing.", "期限已过，还差 {}。", missing);
  std::string text = in_words(language, "It takes {}", "需要{}", pace_text(goal, *one.pace_needed, language));
  if (one.pace) text += in_words(language, "; so far it is {}", "；目前为{}", pace_text(goal, *one.pace, language));
  if (one.on_track)
    text += *one.on_track ? (language == Language::zh ? "，进度足够" : ", which is enough")
                          : (language == Language::zh ? "，进度不足" : ", which is not enough");
  return text + (language == Language::zh ? "。" : ".");
}

std::string goal_news(const GoalProgress& one, Language language) {
  const Goal& goal = one.goal;
  const std::string target = unit_value(goal, goal.target, language);
  const std::string by = date_text(goal.by);
  std::string text = language == Language::zh
                         ? fmt::format("{} 的目标 {}：{} 前{} {}，负责人：{}。", goal.crm, goal.name, by,
                                       goal.at_most ? "不超过" : "不低于", target, goal.owner)
                         : fmt::format("Goal {} of {}: {} {} by {}; {} answers for it. ", goal.name, goal.crm,
                                       goal.at_most ? "at most" : "at least", target, by, goal.owner);
  if (one.now) text += in_words(language, "It is {} now. ", "目前为 {}。", unit_value(goal, one.now->value, language));
  return text + goal_sentence(one, language);
}

std::string cost_sentence(const Cost& cost, Language language) {
  const std::string points = value_text(cost.score, "", language, 2);
  const std::string incidents = cost.incidents == 1 ? in_words(language, "one incident", "1 起事件")
                                                    : in_words(language, "{} incidents", "{} 起事件", cost.incidents);
  std::string time;
  if (cost.poor > Duration{0} && cost.degraded > Duration{0}) {
    time = in_words(language, "{} poor and {} degraded", "不良 {}，亚健康 {}", span_text(cost.poor, language),
                    span_text(cost.degraded, language));
  } else if (cost.poor > Duration{0}) {
    time = in_words(language, "{} poor", "不良 {}", span_text(cost.poor, language));
  } else {
    time = in_words(language, "{} degraded", "亚健康 {}", span_text(cost.degraded, language));
  }
  if (cost.score < 0.005) return in_words(language, "It cost {}, in {}.", "影响：{}，涉及 {}。", time, incidents);
  return in_words(language, "It cost {}, in {}, and {} points of the mean score.",
                  "影响：{}，涉及 {}，平均健康评分损失 {} 分。", time, incidents, points);
}

std::string fault_sentence(const Incident& incident, Language language) {
  if (incident.verdict.empty()) return language == Language::zh ? "未知" : "not known";
  return fault_words({incident.verdict, incident.why.en, incident.why.zh}, language);
}

std::string notice_sentence(const VendorNotice& notice, Language language) {
  constexpr std::array<std::string_view, 4> kEn{"something", "maintenance", "a minor incident", "a major incident"};
  constexpr std::array<std::string_view, 4> kZh{"异常", "维护", "一般故障", "重大故障"};
  const auto level = static_cast<std::size_t>(std::clamp(notice.level, 0, 3));
  if (notice.instance.empty())
    return in_words(language, "The vendor reported {}", "厂商通报：{}",
                    language == Language::zh ? kZh.at(level) : kEn.at(level));
  return in_words(language, "The vendor reported {1} on {0}", "厂商通报：{0} {1}", notice.instance,
                  language == Language::zh ? kZh.at(level) : kEn.at(level));
}

std::vector<std::string> caveats(const Report& report, Language language) {
  std::vector<std::string> out;
  if (report.under_way) {
    out.push_back(in_words(language, "The period is not over: all of it is as of {}, beside whole periods before it.",
                           "统计周期尚未结束：数据截至 {}，而对比的是以前的完整周期。",
                           date_text(report.until, report.zone)));
  }
  if (report.nothing_before) {
    out.push_back(in_words(language, "Nothing is stored of {}, so there is nothing to compare with.",
                           "没有 {}的数据，无法对比。", period_name(*report.nothing_before, language)));
  }
  if (report.damaged > 0) {
    out.push_back(in_words(language, "{} stored blocks of readings are damaged; what is in them is missing here.",
                           "有 {} 个历史数据块已损坏，其中的数据未计入。", report.damaged));
  }
  if (report.series_omitted > 0) {
    out.push_back(in_words(language, "{} series are left out, because there are too many.",
                           "时间序列过多，有 {} 条未计入。", report.series_omitted));
  }
  if (report.incidents_omitted > 0) {
    out.push_back(in_words(language, "{} older incidents are left out, because there are too many.",
                           "事件过多，有 {} 起较早的事件未计入。", report.incidents_omitted));
  }
  return out;
}

}  // namespace crmpulse::collector::report
