#pragma once
// What the chats share: a notice as lines of text in the chat's markup, made to fit, and what their answers mean.

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/notice/notice.h"
#include "collector/receivers/base/receiver.h"

namespace crmpulse::collector {

/// How a chat writes emphasis and links, and how foreign text is kept from being either.
struct Markup {
  std::string (*escape)(std::string_view text);
  std::string (*bold)(const std::string& escaped);
  std::string (*link)(const std::string& escaped, const std::string& url);
};
/// `**bold**`, `[text](url)`. Brackets, asterisks, back-quotes and the like of foreign text become their full-width
/// twins: that looks the same in every client, whereas not every client knows a backslash.
[[nodiscard]] const Markup& markdown();
[[nodiscard]] const Markup& plain_text();  ///< a link is `text: url`

// ---- a notice as lines, escaped; empty ones are left out ----

[[nodiscard]] std::string title_line(const Notice& notice, const Markup& markup);  ///< with its icon
[[nodiscard]] std::vector<std::string> failing_lines(const Notice& notice, const Markup& markup);
/// `Since: 09:10 UTC (35 min) · Score: 41 of 100 · Kind: salesforce`
[[nodiscard]] std::string facts_line(const Notice& notice, const Markup& markup);
/// The summary, whose fault, what to do, the CRMs of a digest, evidence.
[[nodiscard]] std::vector<std::string> advice_lines(const Notice& notice, Language language, const Markup& markup);
/// `[Open the incident](url) · 01HD…`
[[nodiscard]] std::string foot_line(const Notice& notice, Language language, const Markup& markup);
/// All of them, without the title.
[[nodiscard]] std::vector<std::string> all_lines(const Notice& notice, Language language, const Markup& markup);
[[nodiscard]] std::string join(std::span<const std::string> lines, std::string_view between);

// ---- making it fit ----

/// How a chat counts.
enum class Count { bytes, characters };  ///< UTF-8 bytes; UTF-16 units, which is what JavaScript calls a character
[[nodiscard]] std::size_t length(std::string_view text, Count unit);
/// At most `most`, cut between two code points, with a closing "…".
[[nodiscard]] std::string cut(std::string_view text, std::size_t most, Count unit);

/// Several notices as one message.
struct NoticeList {
  std::string title;  ///< with the icon of the worst
  Tone tone = Tone::bad;
  std::vector<std::string> lines;  ///< one a notice, and how many are left out
};
/// What a chat makes of one notice or of several, and how much it takes.
struct Layout {
  Language language;
  const Markup& markup;
  std::size_t most;
  Count unit;
  std::function<std::string(const Notice&)> one;
  std::function<std::string(const NoticeList&)> list;
};
/// Returns what the layout makes of the notices, shortened until it has at most `most`.
[[nodiscard]] std::string laid_out(std::vector<Notice> notices, const Layout& layout);

// ---- requests and answers ----

/// A vendor's code and words in a JSON body: `{"errcode":…,"errmsg":…}`.
struct CodedAnswer {
  std::int64_t code = 0;
  std::string words;  ///< one line, without anything that stands in the address
};
[[nodiscard]] std::optional<CodedAnswer> coded_answer(const net::ClientResponse& response, std::string_view code,
                                                      std::string_view words, const Secret& url);
/// A foreign text for `Verdict::why`: one line, every longer piece of the address' path and query masked.
[[nodiscard]] std::string vendor_words(std::string_view text, const Secret& url);
[[nodiscard]] Verdict delivered(std::string why);
[[nodiscard]] Verdict dead(std::string why);
[[nodiscard]] Verdict again(std::string why, std::optional<Duration> after = {});

}  // namespace crmpulse::collector
