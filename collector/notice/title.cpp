#include "collector/notice/title.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collector/text/value_text.h"

namespace crmpulse::collector {
namespace {

Tone tone_of(Level level) {
  switch (level) {
    case Level::healthy: return Tone::good;
    case Level::sub_healthy: return Tone::warning;
    case Level::poor: return Tone::bad;
  }
  return Tone::bad;
}

/// `{0}` is the state.
struct Phrase {
  Event event;
  std::string_view en;
  std::string_view zh;
};
constexpr std::array kIncidents{
    Phrase{Event::opened, "{}", "{}"},
    Phrase{Event::escalated, "worse, now {}", "恶化为{}"},
    Phrase{Event::improved, "better, now {}", "好转为{}"},
    Phrase{Event::reminder, "still {}", "仍为{}"},
    Phrase{Event::resolved, "{} again", "已恢复至{}状态"},
    Phrase{Event::flapping, "keeps changing, now {}", "状态反复变化，现为{}"},
    Phrase{Event::flap_ended, "stable again, now {}", "状态已稳定，现为{}"},
};

struct Words {
  std::string en;
  std::string zh;
};

void set(Notice& notice, const std::string& name, const Words& words, Language language) {
  const bool zh = language == Language::zh;
  const std::string& own = zh ? words.zh : words.en;
  const std::string& other = zh ? words.en : words.zh;
  const std::string said = other.empty() || other == own ? own : fmt::format("{} ({})", own, other);
  notice.title = name.empty() ? said : fmt::format("{} — {}", name, said);
  notice.icon = icon_of(notice.tone);
}

void put_incident_title(Notice& notice, const TitleFacts& facts, Language language) {
  notice.tone = tone_of(notice.level);
  notice.state = level_words(notice.level, language);
  const Words state{std::string{level_words(notice.level, Language::en)},
                    std::string{level_words(notice.level, Language::zh)}};
  if (facts.reason == "removed") {
    notice.tone = Tone::info;
    return set(notice, notice.subject, {"no longer watched", "已不再受监控"}, language);
  }
  if (notice.type == Event::resolved && facts.crm_state && *facts.crm_state > notice.level) {
    // The receiver hears only of worse: for it the trouble is over, but the CRM is not well.
    notice.tone = Tone::info;
    notice.state = level_words(*facts.crm_state, language);
    return set(notice, notice.subject,
               {fmt::format("no longer worse than {}", level_words(*facts.crm_state, Language::en)),
                fmt::format("已减轻为{}", level_words(*facts.crm_state, Language::zh))},
               language);
  }
  const auto* phrase =
      std::find_if(kIncidents.begin(), kIncidents.end(), [&](const Phrase& one) { return one.event == notice.type; });
  if (phrase == kIncidents.end()) return set(notice, notice.subject, state, language);
  set(notice, notice.subject,
      {fmt::format(fmt::runtime(phrase->en), state.en), fmt::format(fmt::runtime(phrase->zh), state.zh)}, language);
}

/// What is not about one CRM's state.
struct Other {
  Event event;
  Tone tone;
  std::string_view what_en;  ///< before the name
  std::string_view what_zh;
  std::string_view en;
  std::string_view zh;
};
constexpr std::array kOthers{
    Other{Event::agent_lost, Tone::bad, "agent", "代理", "LOST", "失联"},
    Other{Event::agent_returned, Tone::good, "agent", "代理", "back", "已恢复"},
    Other{Event::vendor_outage, Tone::bad, "vendor", "供应商", "OUTAGE", "故障"},
    Other{Event::vendor_recovered, Tone::good, "vendor", "供应商", "recovered", "已恢复"},
    Other{Event::delivery_dead, Tone::bad, "receiver", "接收端", "NOT TOLD", "通知未送达"},
    Other{Event::collector_trouble, Tone::bad, "", "", "TROUBLE", "自身异常"},
    Other{Event::test, Tone::info, "receiver", "接收端", "test message", "测试消息"},
    Other{Event::heartbeat, Tone::info, "", "", "heartbeat", "心跳"},
};

}  // namespace

void put_title(Notice& notice, const TitleFacts& facts, Language language) {
  if (is_incident(notice.type)) return put_incident_title(notice, facts, language);
  if (notice.type == Event::digest) {
    notice.tone = notice.level == Level::healthy ? Tone::bad : tone_of(notice.level);
    notice.state = level_words(notice.level == Level::healthy ? Level::poor : notice.level, language);
    return set(notice, "",
               {fmt::format("{} CRMs in trouble at once", facts.crms), fmt::format("{} 个 CRM 同时异常", facts.crms)},
               language);
  }
  const auto* other =
      std::find_if(kOthers.begin(), kOthers.end(), [&](const Other& one) { return one.event == notice.type; });
  if (other == kOthers.end()) {
    notice.tone = tone_of(notice.level);
    return set(notice, notice.subject, {std::string{notice.type.text()}, ""}, Language::en);
  }
  notice.tone = other->tone;
  notice.state = language == Language::zh ? other->zh : other->en;
  const std::string_view what = language == Language::zh ? other->what_zh : other->what_en;
  set(notice,
      notice.subject.empty() ? std::string{} : fmt::format("{}{}{}", what, what.empty() ? "" : " ", notice.subject),
      {std::string{other->en}, std::string{other->zh}}, language);
}

}  // namespace crmpulse::collector
