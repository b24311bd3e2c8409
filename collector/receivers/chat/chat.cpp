#include "collector/receivers/chat/chat.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collector/receivers/base/plain_http.h"
#include "collector/text/json_text.h"
#include "core/failure/failure.h"
#include "core/text/utf8.h"
#include "net/base/url.h"

namespace crmpulse::collector {
namespace {

constexpr std::string_view kEllipsis = "…";
constexpr std::size_t kWords = 160;
constexpr std::size_t kMaskFrom = 6;  ///< shorter pieces of an address are words, not secrets

std::string escape_wide(std::string_view text) {
  struct Twin {
    char plain;
    std::string_view wide;
  };
  constexpr std::array kTwins{Twin{'<', "＜"}, Twin{'>', "＞"},  Twin{'[', "［"}, Twin{']', "］"}, Twin{'*', "＊"},
                              Twin{'`', "｀"}, Twin{'\\', "＼"}, Twin{'~', "～"}, Twin{'|', "｜"}, Twin{'#', "＃"}};
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto* twin = std::find_if(kTwins.begin(), kTwins.end(), [c](const Twin& one) { return one.plain == c; });
    if (twin == kTwins.end()) {
      out += c;
    } else {
      out += twin->wide;
    }
  }
  return out;
}

std::string same(std::string_view text) {
  return std::string{text};
}

/// One of a list: its title, and a link where there is one.
std::string list_line(const Notice& notice, const Layout& layout) {
  const std::string line = layout.markup.escape(one_line_of(notice, layout.language));
  if (notice.link.empty()) return line;
  return line + " · " + layout.markup.link(std::string{link_words(notice, layout.language)}, notice.link);
}

}  // namespace

const Markup& markdown() {
  static constexpr Markup kMarkdown{
      escape_wide, [](const std::string& escaped) { return "**" + escaped + "**"; },
      [](const std::string& escaped, const std::string& url) { return fmt::format("[{}]({})", escaped, url); }};
  return kMarkdown;
}

const Markup& plain_text() {
  static constexpr Markup kPlain{
      same, [](const std::string& escaped) { return escaped; },
      [](const std::string& escaped, const std::string& url) { return escaped + ": " + url; }};
  return kPlain;
}

std::string title_line(const Notice& notice, const Markup& markup) {
  return notice.icon + " " + markup.escape(notice.title);
}

std::vector<std::string> failing_lines(const Notice& notice, const Markup& markup) {
  std::vector<std::string> lines;
  for (const Fact& one : notice.failing)
    lines.push_back(fmt::format("{} {}", markup.bold(markup.escape(one.name)), markup.escape(one.value)));
  return lines;
}

std::string facts_line(const Notice& notice, const Markup& markup) {
  std::vector<std::string> parts;
  for (const Fact& fact : notice.facts)
    parts.push_back(fmt::format("{} {}", markup.escape(fact.name), markup.escape(fact.value)));
  return join(parts, " · ");
}

std::vector<std::string> advice_lines(const Notice& notice, Language language, const Markup& markup) {
  const NoticeWords& words = words_in(language);
  const std::string_view after = colon(language);
  std::vector<std::string> lines;
  const auto add = [&](std::string_view name, const std::string& text) {
    lines.push_back(fmt::format("{}{}{}", markup.bold(std::string{name}), after, text));
  };
  if (!notice.summary.empty()) lines.push_back(markup.escape(notice.summary));
  if (!notice.fault.empty()) add(words.fault, markup.escape(notice.fault));
  for (const Fact& remedy : notice.remedies) {
    const bool several = notice.remedies.size() > 1;
    add(words.remedy, markup.escape(several ? fmt::format("{} — {}", remedy.name, remedy.value) : remedy.value));
  }
  if (!notice.listed.empty()) {
    std::string crms = markup.escape(join(notice.listed, language == Language::zh ? "、" : ", "));
    if (notice.unlisted > 0) crms += (language == Language::zh ? "，" : " ") + more_text(notice.unlisted, language);
    add(words.listed, crms);
  }
  if (!notice.changes.empty()) add(words.changes, markup.escape(join(notice.changes, " · ")));
  if (!notice.evidence.empty()) add(words.evidence, markup.escape(join(notice.evidence, " · ")));
  return lines;
}

std::string foot_line(const Notice& notice, Language language, const Markup& markup) {
  const NoticeWords& words = words_in(language);
  std::vector<std::string> parts;
  if (!notice.link.empty()) parts.push_back(markup.link(std::string{words.open}, notice.link));
  if (!notice.incident.empty()) parts.push_back(fmt::format("{} {}", words.incident, markup.escape(notice.incident)));
  return join(parts, " · ");
}

std::vector<std::string> all_lines(const Notice& notice, Language language, const Markup& markup) {
  std::vector<std::string> lines = failing_lines(notice, markup);
  lines.push_back(facts_line(notice, markup));
  for (std::string& line : advice_lines(notice, language, markup)) lines.push_back(std::move(line));
  lines.push_back(foot_line(notice, language, markup));
  std::erase_if(lines, [](const std::string& line) { return line.empty(); });
  return lines;
}

std::string join(std::span<const std::string> lines, std::string_view between) {
  std::string out;
  for (const std::string& line : lines) {
    if (!out.empty()) out += between;
    out += line;
  }
  return out;
}

std::size_t length(std::string_view text, Count unit) {
  if (unit == Count::bytes) return text.size();
  std::size_t units = 0;
  for (const char byte : text) {
    if (!utf8::continues(byte)) units += (static_cast<unsigned char>(byte) >= 0xf0U) ? 2U : 1U;
  }
  return units;
}

std::string cut(std::string_view text, std::size_t most, Count unit) {
  if (length(text, unit) <= most) return std::string{text};
  const std::size_t room = most - std::min(most, length(kEllipsis, unit));
  std::size_t end = 0;
  while (end < text.size()) {
    std::size_t next = end + 1;
    while (next < text.size() && utf8::continues(text[next])) ++next;
    if (length(text.substr(0, next), unit) > room) break;
    end = next;
  }
  return std::string{text.substr(0, end)}.append(kEllipsis);
}

std::string laid_out(std::vector<Notice> notices, const Layout& layout) {
  if (notices.size() == 1) {
    Notice& notice = notices.front();
    std::string text = layout.one(notice);
    while (length(text, layout.unit) > layout.most && shorten(notice)) text = layout.one(notice);
    return text;
  }
  NoticeList list{fmt::format("{} {}", icon_of(worst_tone(notices)), list_title(notices.size(), layout.language)),
                  worst_tone(notices),
                  {}};
  notices = newest_of_each(std::move(notices));
  std::size_t more = 0;
  const auto build = [&] {
    list.lines.clear();
    for (const Notice& one : notices) list.lines.push_back(list_line(one, layout));
    if (more > 0) list.lines.push_back(more_text(more, layout.language));
    return layout.list(list);
  };
  std::string text = build();
  if (length(text, layout.unit) > layout.most) {
    // Who is concerned matters more than a link to each.
    for (Notice& one : notices) one.link.clear();
    text = build();
  }
  while (length(text, layout.unit) > layout.most && notices.size() > 1) {
    // In steps that grow, so that a long list is not laid out once for each of its lines.
    const std::size_t drop = std::max<std::size_t>(1, notices.size() / 10);
    notices.resize(notices.size() - drop);
    more += drop;
    text = build();
  }
  return text;
}

std::string vendor_words(std::string_view text, const Secret& url) {
  std::string words = one_line(text, kWords * 4);
  const auto parsed = net::parse_url(url.reveal());
  const std::string hidden =
      parsed ? fmt::format("{}/{}/{}&{}", parsed->user, parsed->password, parsed->path, parsed->query) : url.reveal();
  std::string_view rest{hidden};
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of("/?&="), rest.size());
    const std::string_view piece = rest.substr(0, end);
    for (std::size_t at = 0; piece.size() >= kMaskFrom && (at = words.find(piece, at)) != std::string::npos;)
      words.replace(at, piece.size(), "***");
    rest.remove_prefix(std::min(rest.size(), end + 1));
  }
  return one_line(words, kWords);
}

std::optional<CodedAnswer> coded_answer(const net::ClientResponse& response, std::string_view code,
                                        std::string_view words, const Secret& url) {
  const boost::json::object body = answer_object(response.body);
  const boost::json::value* number = body.if_contains(code);
  if (number == nullptr || !number->is_int64()) return std::nullopt;
  return CodedAnswer{number->get_int64(), vendor_words(string_member(body, words), url)};
}

Verdict delivered(std::string why) {
  return {Verdict::Kind::delivered, {}, std::move(why), false};
}

Verdict dead(std::string why) {
  return {Verdict::Kind::dead, {}, std::move(why), false};
}

Verdict again(std::string why, std::optional<Duration> after) {
  return {Verdict::Kind::retry, after, std::move(why), false};
}

}  // namespace crmpulse::collector
