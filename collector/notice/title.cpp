#include "collector/notice/title.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collector/notice/trouble.h"
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

/// `{}` is the level.
struct Phrase {
  Event event;
  std::string_view en;
  std::string_view zh;
};
constexpr std::array kIncidents{
    Phrase{Event::opened, "is {}", "{}"},
    Phrase{Event::escalated, "is worse, now {}", "恶化为{}"},
    Phrase{Event::improved, "is better, now {}", "好转为{}"},
    Phrase{Event::reminder, "is still {}", "仍为{}"},
    Phrase{Event::resolved, "is {} again", "已恢复至{}状态"},
    Phrase{Event::flapping, "keeps changing, now {}", "状态反复变化，现为{}"},
    Phrase{Event::flap_ended, "is stable again, now {}", "状态已稳定，现为{}"},
    Phrase{Event::acknowledged, "is acknowledged, still {}", "已确认，目前仍为{}"},
};

/// The receiver hears only of worse: for it the trouble is over, but the CRM is not well.
bool only_eased(const Message& message) {
  return message.type == Event::resolved && message.crm_state && *message.crm_state > message.state;
}

void set(Notice& notice, const std::string& name, const Bilingual& words, Language language) {
  const bool zh = language == Language::zh;
  const std::string& own = zh ? words.zh : words.en;
  const std::string& other = zh ? words.en : words.zh;
  const std::string said = other.empty() || other == own ? own : in_words(language, "{} ({})", "{}（{}）", own, other);
  notice.title = name.empty() ? said : fmt::format("{} — {}", name, said);
  notice.own_title = name.empty() ? own : fmt::format("{} — {}", name, own);
  notice.icon = icon_of(notice.tone);
}

void put_incident_title(Notice& notice, const Message& message, Language language) {
  const bool unwatched = message.reason == "removed";
  notice.tone = unwatched || only_eased(message) ? Tone::info : tone_of(notice.level);
  notice.state = level_words(only_eased(message) ? *message.crm_state : notice.level, language);
  Bilingual happened = predicate_of(message, level_words);
  constexpr std::string_view kIs = "is ";
  if (happened.en.starts_with(kIs)) happened.en.erase(0, kIs.size());
  set(notice, notice.subject, happened, language);
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
    Other{Event::agent_lost, Tone::bad, "agent", "探针", "LOST", "失联"},
    Other{Event::agent_returned, Tone::good, "agent", "探针", "back", "已恢复"},
    Other{Event::vendor_outage, Tone::bad, "vendor", "厂商", "OUTAGE", "故障"},
    Other{Event::vendor_recovered, Tone::good, "vendor", "厂商", "recovered", "已恢复"},
    Other{Event::delivery_dead, Tone::bad, "receiver", "接收端", "NOT DELIVERED", "通知未送达"},
    Other{Event::collector_trouble, Tone::bad, "", "", "TROUBLE", "自身异常"},
    Other{Event::collector_recovered, Tone::good, "", "", "recovered", "已恢复"},
    Other{Event::agent_trouble, Tone::warning, "agent", "探针", "TROUBLE", "自身异常"},
    Other{Event::agent_recovered, Tone::good, "agent", "探针", "recovered", "已恢复"},
    Other{Event::test, Tone::info, "receiver", "接收端", "test message", "测试消息"},
    Other{Event::report, Tone::info, "", "", "report", "报告"},
    Other{Event::goal, Tone::info, "", "", "goal", "目标"},
    Other{Event::heartbeat, Tone::info, "", "", "heartbeat", "心跳"},
};

/// How a goal stands, by the message's `reason`.
struct Standing {
  std::string_view reason;
  Tone tone;
  std::string_view en;
  std::string_view zh;
};
constexpr std::array kStandings{
    Standing{"on_track", Tone::good, "goal on track again", "目标进度已恢复"},
    Standing{"behind", Tone::warning, "goal behind", "目标进度落后"},
    Standing{"missed", Tone::bad, "goal missed", "目标未达成"},
    Standing{"reached", Tone::good, "goal reached", "目标已达成"},
    Standing{"no_data", Tone::info, "goal without data", "目标缺少数据"},
};

/// `goal behind: crm_csat_ratio`
void put_goal(Notice& notice, const Message& message, Bilingual& happened) {
  for (const Standing& one : kStandings) {
    if (one.reason != message.reason) continue;
    notice.tone = one.tone;
    happened = {std::string{one.en}, std::string{one.zh}};
  }
  if (message.about.empty()) return;
  happened.en += ": " + shown_name(message.about);
  happened.zh += "：" + shown_name(message.about);
}

}  // namespace

Bilingual predicate_of(const Message& message, LevelName name) {
  if (message.reason == "removed") return {"is no longer watched", "已不再受监控"};
  const auto* known =
      std::find_if(kIncidents.begin(), kIncidents.end(), [&](const Phrase& one) { return one.event == message.type; });
  Phrase phrase = known == kIncidents.end() ? kIncidents.front() : *known;
  if (only_eased(message)) phrase = {Event::resolved, "is no longer worse than {}", "已减轻为{}"};
  const Level level = only_eased(message) ? *message.crm_state : message.state;
  return {fmt::format(fmt::runtime(phrase.en), name(level, Language::en)),
          fmt::format(fmt::runtime(phrase.zh), name(level, Language::zh))};
}

void put_title(Notice& notice, const Message& message, Language language) {
  if (is_incident(notice.type)) return put_incident_title(notice, message, language);
  if (notice.type == Event::digest) {
    const std::size_t crms = notice.listed.size() + notice.unlisted;
    notice.tone = notice.level == Level::healthy ? Tone::bad : tone_of(notice.level);
    notice.state = level_words(notice.level == Level::healthy ? Level::poor : notice.level, language);
    return set(notice, "", {fmt::format("{} CRMs in trouble at once", crms), fmt::format("{} 个 CRM 同时异常", crms)},
               language);
  }
  const auto* other =
      std::find_if(kOthers.begin(), kOthers.end(), [&](const Other& one) { return one.event == notice.type; });
  if (other == kOthers.end()) {
    notice.tone = tone_of(notice.level);
    return set(notice, notice.subject, {shown_name(notice.type.text()), ""}, Language::en);
  }
  notice.tone = other->tone;
  notice.state = language == Language::zh ? other->zh : other->en;
  Bilingual happened{std::string{other->en}, std::string{other->zh}};
  if (notice.type == Event::report && !message.about.empty())
    happened = {fmt::format("{} {}", happened.en, shown_name(message.about)),
                fmt::format("{} {}", happened.zh, shown_name(message.about))};
  if (notice.type == Event::goal) put_goal(notice, message, happened);
  if (const auto trouble = trouble_of(message)) {
    const Bilingual name = trouble_text(*trouble).name;
    // A name says what is wrong: of what is over it was.
    const bool over = notice.type == Event::collector_recovered || notice.type == Event::agent_recovered;
    happened = {fmt::format("{}{}: {}", happened.en, over ? ", was" : "", name.en),
                fmt::format("{}{}：{}", happened.zh, over ? "，此前" : "", name.zh)};
  }
  const std::string_view what = language == Language::zh ? other->what_zh : other->what_en;
  set(notice,
      notice.subject.empty() ? std::string{} : fmt::format("{}{}{}", what, what.empty() ? "" : " ", notice.subject),
      happened, language);
}

}  // namespace crmpulse::collector
