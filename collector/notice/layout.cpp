// What layouts share beside the reading: lists of notices, cutting, words.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "collector/notice/notice.h"
#include "collector/text/value_text.h"
#include "core/failure/failure.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kListedInLine = 5;

/// True when it became shorter.
bool cut_to(std::string& text, std::size_t most) {
  const std::size_t before = text.size();
  text = one_line(text, most);
  return text.size() < before;
}

}  // namespace

std::string_view icon_of(Tone tone) {
  switch (tone) {
    case Tone::good: return "✅";
    case Tone::info: return "ℹ️";
    case Tone::warning: return "🟠";
    case Tone::bad: return "🔴";
  }
  return "🔴";
}

std::string list_title(std::size_t messages, Language language) {
  return language == Language::zh ? fmt::format("{} 条消息合并（{} messages at once）", messages, messages)
                                  : fmt::format("{} messages at once ({} 条消息)", messages, messages);
}

const NoticeWords& words_in(Language language) {
  static constexpr NoticeWords kEnglish{"Looks like",        "What to do", "Changed before", "Evidence",
                                        "Open the incident", "CRMs",       "Incident"};
  static constexpr NoticeWords kChinese{"初步判断", "处理建议", "此前变更", "证据", "查看事件", "CRM", "事件"};
  return language == Language::zh ? kChinese : kEnglish;
}

std::string_view link_words(const Notice& notice, Language language) {
  if (notice.type == Event::goal) return language == Language::zh ? "查看 CRM" : "Open the CRM";
  if (notice.type != Event::report) return words_in(language).open;
  return language == Language::zh ? "查看报告" : "Open the report";
}

std::string more_text(std::size_t count, Language language) {
  return language == Language::zh ? fmt::format("另有 {} 个", count) : fmt::format("and {} more", count);
}

std::vector<Notice> read_notices(std::span<const store::OutboxRow> rows, const Audience& audience) {
  std::vector<Notice> notices;
  notices.reserve(rows.size());
  for (const store::OutboxRow& row : rows) notices.push_back(read_notice(row, audience));
  return notices;
}

std::vector<Notice> newest_of_each(std::vector<Notice> notices) {
  std::vector<Notice> kept;
  std::set<std::string> seen;
  for (auto notice = notices.rbegin(); notice != notices.rend(); ++notice) {
    const std::string_view type = notice->type.text();
    const std::string about = fmt::format("{}/{}/{}", type.substr(0, type.find('.')), notice->subject, notice->trouble);
    if (notice->subject.empty() || seen.insert(about).second) kept.push_back(std::move(*notice));
  }
  std::stable_sort(kept.begin(), kept.end(), [](const Notice& a, const Notice& b) { return a.tone > b.tone; });
  return kept;
}

Tone worst_tone(std::span<const Notice> notices) {
  Tone worst = Tone::good;
  for (const Notice& notice : notices) worst = std::max(worst, notice.tone);
  return worst;
}

std::string one_line_of(const Notice& notice, Language language) {
  std::string line = notice.icon + " " + notice.title;
  if (!notice.failing.empty()) line += in_words(language, ": {}", "：{}", notice.failing.front().said);
  if (!notice.listed.empty()) {
    const std::size_t shown = std::min(notice.listed.size(), kListedInLine);
    const std::size_t more = notice.unlisted + notice.listed.size() - shown;
    const auto last = notice.listed.begin() + static_cast<std::ptrdiff_t>(shown);
    line += in_words(language, ": {}", "：{}",
                     fmt::join(notice.listed.begin(), last, language == Language::zh ? "、" : ", "));
    if (more > 0) line += in_words(language, " {}", "，{}", more_text(more, language));
  }
  return line + in_words(language, ", {}", "，{}", notice.clock);
}

bool shorten(Notice& notice) {
  static constexpr std::size_t kLeastListed = 3;
  static constexpr std::size_t kLeastFailing = 3;
  static constexpr std::size_t kShortText = 240;
  static constexpr std::size_t kShortWhy = 160;
  const auto list_less = [&notice] {
    notice.listed.pop_back();
    ++notice.unlisted;
    return true;
  };
  const auto drop = [](auto& lines) {
    lines.pop_back();
    return true;
  };
  const auto halve = [](std::string& text) {
    return text.size() > kShortText && cut_to(text, std::max(kShortText, text.size() / 2));
  };
  if (!notice.evidence.empty()) return drop(notice.evidence);
  if (notice.changes.size() > 1) {
    notice.changes.erase(notice.changes.begin());
    return true;
  }
  if (notice.remedies.size() > 1) return drop(notice.remedies);
  if (notice.listed.size() > kLeastListed) return list_less();
  if (!notice.remedies.empty() && halve(notice.remedies.front().value)) return true;
  if (halve(notice.summary)) return true;
  if (notice.failing.size() > kLeastFailing) return drop(notice.failing);
  if (notice.fault.size() > kShortWhy && cut_to(notice.fault, kShortWhy)) return true;
  if (!notice.changes.empty()) return drop(notice.changes);
  if (notice.facts.size() > 1) return drop(notice.facts);
  if (notice.failing.size() > 1) return drop(notice.failing);
  return !notice.listed.empty() && list_less();
}

}  // namespace crmpulse::collector
