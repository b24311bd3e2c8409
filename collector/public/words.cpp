#include "collector/public/words.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/dimension.h"

namespace crmpulse::collector {
namespace {

/// `: response time, availability`; empty where nothing may be told.
std::string dimensions_text(const std::vector<std::string>& dimensions, Language language) {
  std::string text;
  for (const std::string& dimension : dimensions)
    text += (text.empty() ? "" : in_words(language, ", ", "、")) + std::string{dimension_name(dimension, language)};
  return text.empty() ? text : std::string{colon(language)} + text;
}

std::string crm_text(const PublicCrm& crm, const PublicStatus& status, Language language) {
  const std::string_view word = state_word(crm.state, language);
  if (crm.state == Shown::unknown)
    return in_words(language, "Nothing is measured at the moment.", "目前没有测量数据。");
  const std::string since = moment_text(crm.since, status.at, status.zone);
  if (crm.state == Shown::maintenance) {
    if (!crm.until) return in_words(language, "Planned maintenance since {}.", "自 {} 起进行计划内维护。", since);
    return in_words(language, "Planned maintenance since {}, until {}.", "计划内维护：{} 至 {}。", since,
                    moment_text(*crm.until, status.at, status.zone));
  }
  if (crm.state == Shown::healthy) return in_words(language, "{} since {}.", "自 {1} 起状态为{0}。", word, since);
  return in_words(language, "{} since {}{}.", "自 {1} 起状态为{0}{2}。", word, since,
                  dimensions_text(crm.dimensions, language));
}

std::size_t count(const PublicStatus& status, Shown state) {
  return static_cast<std::size_t>(std::count_if(status.crms.begin(), status.crms.end(),
                                                [state](const PublicCrm& crm) { return crm.state == state; }));
}

std::string whole_text(const PublicStatus& status, Language language) {
  const std::size_t all = status.crms.size();
  const std::size_t poor = count(status, Shown::poor);
  const std::size_t troubled = poor + count(status, Shown::sub_healthy);
  if (all == 0) return in_words(language, "No system is shown here yet.", "目前没有可显示的系统。");
  if (troubled == 0 && count(status, Shown::healthy) == all)
    return all == 1 ? in_words(language, "The system is healthy.", "系统运行正常。")
                    : in_words(language, "All {} systems are healthy.", "全部 {} 个系统运行正常。", all);
  if (troubled == 0 && count(status, Shown::maintenance) > 0)
    return in_words(language, "Maintenance is under way.", "正在进行计划内维护。");
  if (troubled == 0)
    return in_words(language, "Not everything is measured at the moment.", "部分系统目前没有测量数据。");
  if (all == 1)
    return poor > 0 ? in_words(language, "The system is out of order.", "系统故障。")
                    : in_words(language, "The system works with restrictions.", "系统服务受限。");
  if (troubled == 1) return in_words(language, "1 of {} systems needs attention.", "{} 个系统中有 1 个出现问题。", all);
  return in_words(language, "{1} of {0} systems need attention.", "{0} 个系统中有 {1} 个出现问题。", all, troubled);
}

std::string incident_text(const ShownIncident& incident, const PublicStatus& status, Language language) {
  const Shown level = incident.level == Level::poor ? Shown::poor : Shown::sub_healthy;
  const std::string_view word = state_word(level, language);
  const std::string which = dimensions_text(incident.dimensions, language);
  const Audience audience{language, status.zone};
  if (!incident.resolved)
    return in_words(language, "{} since {}{}.", "自 {1} 起状态为{0}{2}。", word,
                    date_text(incident.opened, status.zone), which);
  return in_words(language, "{} for {}, from {}{}.", "{0} {1}，始于 {2}{3}。", word,
                  span_text(*incident.resolved - incident.opened, language), date_text(incident.opened, status.zone),
                  which);
}

std::string planned_text(const PlannedWork& work, const PublicStatus& status, Language language) {
  const std::string from = date_text(work.from, status.zone);
  if (!work.to) return in_words(language, "from {} on", "自 {} 起", from);
  return in_words(language, "{} to {}", "{} 至 {}", from, date_text(*work.to, status.zone));
}

}  // namespace

std::string_view state_word(Shown state, Language language) {
  const bool zh = language == Language::zh;
  switch (state) {
    case Shown::healthy: return zh ? "理想" : "Healthy";
    case Shown::sub_healthy: return zh ? "亚健康" : "Sub-healthy";
    case Shown::poor: return zh ? "不良" : "Poor";
    case Shown::unknown: return zh ? "暂无数据" : "No data";
    case Shown::maintenance: return zh ? "维护中" : "Maintenance";
  }
  return {};
}

std::string_view state_shape(Shown state) {
  switch (state) {
    case Shown::healthy: return "●";
    case Shown::sub_healthy: return "▲";
    case Shown::poor: return "■";
    case Shown::unknown: return "◌";
    case Shown::maintenance: return "◇";
  }
  return {};
}

Bilingual crm_sentence(const PublicCrm& crm, const PublicStatus& status) {
  return {crm_text(crm, status, Language::en), crm_text(crm, status, Language::zh)};
}
Bilingual whole_sentence(const PublicStatus& status) {
  return {whole_text(status, Language::en), whole_text(status, Language::zh)};
}
Bilingual incident_sentence(const ShownIncident& incident, const PublicStatus& status) {
  return {incident_text(incident, status, Language::en), incident_text(incident, status, Language::zh)};
}
Bilingual planned_sentence(const PlannedWork& work, const PublicStatus& status) {
  return {planned_text(work, status, Language::en), planned_text(work, status, Language::zh)};
}

}  // namespace crmpulse::collector
