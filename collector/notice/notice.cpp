#include "collector/notice/notice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "collector/message/stored.h"
#include "collector/message/vocabulary.h"
#include "collector/notice/group.h"
#include "collector/notice/title.h"
#include "collector/text/value_text.h"
#include "core/failure/failure.h"

namespace crmpulse::collector {
namespace {

// Bounds in bytes and lines: what is longer belongs on the incident's page, and every layout fits after a few cuts.
constexpr std::size_t kRemedyText = 900;
constexpr std::size_t kEvidenceText = 300;
constexpr std::size_t kLink = 500;
constexpr std::size_t kId = 120;
constexpr std::size_t kFailing = 12;
constexpr std::size_t kRemedies = 2;
constexpr std::size_t kEvidence = 5;
constexpr std::size_t kChanges = 3;

void add_failing(Notice& notice, const Message& message, Language language) {
  std::set<std::string> told;
  for (const Failing& one : message.failing) {
    if (notice.failing.size() >= kFailing) return;
    notice.failing.push_back(failing_words(one, language));
    std::string remedy = one_line(in_language(one.remedy, language), kRemedyText);
    if (remedy.empty() || notice.remedies.size() >= kRemedies || !told.insert(remedy).second) continue;
    notice.remedies.push_back({notice.failing.back().name, std::move(remedy)});
  }
}

void add_times(Notice& notice, const Message& message, const Audience& audience) {
  const bool zh = audience.language == Language::zh;
  std::optional<TimePoint> since = message.opened;
  if (notice.type == Event::resolved) {
    if (!since) return notice.facts.push_back({zh ? "恢复时间" : "At", notice.clock});
    return notice.facts.push_back({zh ? "持续" : "Lasted", lasted_text(*since, notice.at, audience)});
  }
  if (!since && !message.failing.empty()) {
    const auto first = std::min_element(message.failing.begin(), message.failing.end(),
                                        [](const Failing& a, const Failing& b) { return a.since < b.since; });
    since = first->since;
  }
  notice.facts.push_back({zh ? "开始时间" : "Since", since_text(since.value_or(notice.at), notice.at, audience)});
}

void add_facts(Notice& notice, const Message& message, const Audience& audience) {
  const Language language = audience.language;
  const bool zh = language == Language::zh;
  const auto add = [&](const char* en, const char* chinese_name, std::string value) {
    notice.facts.push_back({zh ? chinese_name : en, std::move(value)});
  };
  add_times(notice, message, audience);
  if (message.previous != notice.level && notice.type != Event::opened)
    add("Before", "此前状态", std::string{level_words(message.previous, language)});
  if (message.score) {
    add("Score", "健康评分",
        in_words(language, "{} of 100", "{}（满分 100）", value_text(*message.score, "", language, 3)));
  }
  if (notice.type == Event::acknowledged && !message.acked_by.empty())
    add("Acknowledged by", "确认人", shown_name(message.acked_by));
  if (!notice.kind.empty()) add("Kind", "类型", notice.kind);
  if (message.data_status == DataStatus::no_data)
    add("Data", "数据", zh ? "暂无数据，显示最后已知状态" : "none; the state is the last one known");
  if (message.data_status == DataStatus::stale) add("Data", "数据", zh ? "数据陈旧" : "stale");
}

std::string shown_link(const std::string& url) {
  const std::string link = one_line(url, kLink + 1);
  const bool usable = link.size() <= kLink && (link.starts_with("http://") || link.starts_with("https://")) &&
                      link.find_first_of(" <>()[]\"'|\\`") == std::string::npos;
  return usable ? link : std::string{};
}

/// `acme is poor since 09:10 UTC. response time 4.1 s (poor from 3 s). Looks like: ….`
std::string sentences(const Notice& notice, const Message& message, const Audience& audience) {
  const Language language = audience.language;
  const bool zh = language == Language::zh;
  const NoticeWords& words = words_in(language);
  const std::string happened = in_language(predicate_of(message, spoken), language);
  std::string text = notice.subject + " " + happened;
  if (message.state == Level::healthy) return text + (zh ? "。" : ".");
  if (message.since)
    text += in_words(language, " since {}", "（自 {} 起）", moment_text(*message.since, message.at, audience.zone));
  text += zh ? "。" : ".";
  for (const Fact& one : notice.failing) text += in_words(language, " {}.", "{}。", one.said);
  if (!notice.fault.empty()) text += in_words(language, " {}: {}.", "{}：{}。", words.fault, notice.fault);
  if (!notice.changes.empty()) {
    text += in_words(language, " {}: {}.", "{}：{}。", words.changes,
                     fmt::format("{}", fmt::join(notice.changes, zh ? "；" : "; ")));
  }
  if (!notice.remedies.empty())
    text += in_words(language, " {}: {}", "{}：{}", words.remedy, notice.remedies.front().value);
  return text;
}

/// Behind the name of the operation, which is a word of ours, stands what the CRM said.
std::string evidence_line(const std::string& line, Language language) {
  const std::size_t colon = line.find(": ");
  const std::string_view operation = std::string_view{line}.substr(0, colon == std::string::npos ? 0 : colon);
  const std::string_view words = operation_words(operation, language);
  return language == Language::zh && words != operation ? fmt::format("{}：{}", words, line.substr(colon + 2)) : line;
}

void describe_incident(Notice& notice, const Message& message, const Audience& audience) {
  const Language language = audience.language;
  add_facts(notice, message, audience);
  add_failing(notice, message, language);
  if (message.fault) notice.fault = fault_words(*message.fault, language);
  for (const std::string& line : message.evidence) {
    if (notice.evidence.size() < kEvidence)
      notice.evidence.push_back(one_line(evidence_line(line, language), kEvidenceText));
  }
  // The newest ones.
  const std::size_t changes = message.changes.size();
  for (std::size_t i = changes - std::min(changes, kChanges); i < changes; ++i) {
    std::string told = change_words(message.changes[i], notice.at, audience);
    if (!told.empty()) notice.changes.push_back(std::move(told));
  }
  notice.link = shown_link(message.link);
  notice.incident = one_line(message.incident, kId);
  notice.text = sentences(notice, message, audience);
}

void describe_damaged(Notice& notice, const Message& message, Language language) {
  notice.state = level_words(notice.level, language);
  notice.icon = icon_of(notice.tone);
  notice.title = fmt::format("{} — {}", notice.subject, event_words(one_line(message.undelivered, kId), language));
  notice.own_title = notice.title;
  notice.summary = language == Language::zh ? "这条消息的内容已损坏，请查看 crmpulse 页面。"
                                            : "The text of this message is damaged: look at the page of crmpulse.";
  notice.text = notice.summary;
}

}  // namespace

Notice notice_of(const Message& message, const Audience& audience) {
  const Language language = audience.language;
  Notice notice;
  notice.type = message.type;
  notice.at = message.at;
  notice.clock = moment_text(message.at, message.at, audience.zone);
  notice.subject = shown_name(message.subject);
  notice.kind = shown_name(message.kind);
  notice.level = message.state;
  if (message.type.text() == kUnreadable) {
    describe_damaged(notice, message, language);
    return notice;
  }
  if (is_incident(notice.type)) {
    describe_incident(notice, message, audience);
  } else {
    describe_group(notice, message, audience);
    if (notice.type == Event::report || notice.type == Event::goal) notice.link = shown_link(message.link);
  }
  put_title(notice, message, language);
  return notice;
}

Notice read_notice(const store::OutboxRow& row, const Audience& audience) {
  return notice_of(read_message(row), audience);
}

}  // namespace crmpulse::collector
