#include "collector/notice/plain_text.h"

#include <fmt/format.h>

#include "collector/text/value_text.h"

namespace crmpulse::collector {
namespace {

std::string named(std::string_view name, std::string_view value, Language language) {
  if (name.empty()) return fmt::format("{}\n", value);
  if (language == Language::zh) return fmt::format("{}：{}\n", name, value);
  return fmt::format("{}:{}{}\n", name, value.empty() ? "" : " ", value);
}

void add_listed(std::string& text, const Notice& notice, Language language) {
  if (notice.listed.empty()) return;
  text += named(words_in(language).listed, "", language);
  for (const std::string& crm : notice.listed) text += fmt::format("- {}\n", crm);
  if (notice.unlisted > 0) text += more_text(notice.unlisted, language) + "\n";
}

}  // namespace

std::string headline(const Notice& notice, Language language) {
  if (notice.failing.empty()) return notice.title;
  return in_words(language, "{}: {}", "{}：{}", notice.title, notice.failing.front().said);
}

std::string plain_text(const Notice& notice, Language language) {
  const NoticeWords& words = words_in(language);
  std::string text = notice.title + "\n";
  if (!notice.summary.empty()) text += notice.summary + "\n";
  if (!notice.failing.empty()) text += "\n";
  for (const Fact& fact : notice.failing) text += "- " + named(fact.name, fact.value, language);
  add_listed(text, notice, language);
  text += "\n";
  for (const Fact& fact : notice.facts) text += named(fact.name, fact.value, language);
  if (!notice.fault.empty()) text += named(words.fault, notice.fault, language);
  for (const Fact& remedy : notice.remedies) text += "\n" + named(words.remedy, remedy.value, language);
  if (!notice.changes.empty()) text += "\n" + named(words.changes, "", language);
  for (const std::string& line : notice.changes) text += fmt::format("- {}\n", line);
  if (!notice.evidence.empty()) text += "\n" + named(words.evidence, "", language);
  for (const std::string& line : notice.evidence) text += fmt::format("- {}\n", line);
  if (!notice.link.empty()) text += "\n" + named(link_words(notice, language), notice.link, language);
  return text;
}

}  // namespace crmpulse::collector
