#pragma once
// Puts a message into words, in one language, by one clock: what all receivers lay out, and the sentences of webhooks
// and backtests. Plain text of one line each, without markup: a layout escapes it for its place.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/message/message.h"
#include "collector/message/words.h"
#include "collector/text/language.h"
#include "core/event.h"
#include "core/level.h"
#include "core/time/time.h"
#include "core/words/clock.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

/// What colour it has. Ascending: the worst is the greatest.
enum class Tone { good, info, warning, bad };

struct Notice {
  EventName type;  ///< `incident.opened`, …; `unreadable` for a damaged body
  Tone tone = Tone::warning;
  Level level = Level::healthy;      ///< the level that is told; healthy when it is not about one
  std::string state;                 ///< it in words, `POOR`, `不良`; of the others `LOST`, `OUTAGE`, …; may be empty
  std::string subject;               ///< the CRM, agent, vendor or receiver it is about; may be empty
  std::string kind;                  ///< of a CRM: `salesforce`; else empty
  std::string icon;                  ///< one emoji of the tone
  std::string title;                 ///< without the icon: `acme-sf — POOR (不良)`
  std::string own_title;             ///< the same in one language alone: `acme-sf — POOR`
  std::string summary;               ///< a sentence or two beside it; mostly empty for incidents
  std::vector<Fact> failing;         ///< worst first: `response time`, `4.1 s (poor from 3 s)`
  std::vector<Fact> facts;           ///< since when, score, kind, data status: name and value
  std::string fault;                 ///< `the vendor — the CRM itself answers slowly`; empty when well
  std::vector<Fact> remedies;        ///< what fails, what to do; each text once
  std::vector<std::string> changes;  ///< what changed shortly before it began, newest last
  std::vector<std::string> evidence;
  std::vector<std::string> listed;  ///< of a digest, an agent, a vendor: CRMs, with their state where it is known
  std::size_t unlisted = 0;         ///< how many more
  std::string link;                 ///< http(s) or empty
  std::string incident;             ///< its id or empty
  std::string trouble;              ///< with crmpulse itself: which, so that several stand beside each other
  std::string text;                 ///< all of it in sentences, on one line
  TimePoint at;
  std::string clock;  ///< `at` by the audience's clock: `09:10 UTC`
};

/// Returns the message in words. One that is damaged or of a type nobody knows still gives a title, a tone and a
/// sentence.
[[nodiscard]] Notice notice_of(const Message& message, const Audience& audience);
/// Returns the message of a row in words. Never throws.
[[nodiscard]] Notice read_notice(const store::OutboxRow& row, const Audience& audience);
[[nodiscard]] std::vector<Notice> read_notices(std::span<const store::OutboxRow> rows, const Audience& audience);

/// For a list: the newest notice of each subject, the worst first, then the newest.
[[nodiscard]] std::vector<Notice> newest_of_each(std::vector<Notice> notices);
/// `25 messages at once (25 条消息)`.
[[nodiscard]] std::string list_title(std::size_t messages, Language language);
[[nodiscard]] Tone worst_tone(std::span<const Notice> notices);
[[nodiscard]] std::string_view icon_of(Tone tone);
/// The notice as one line: title, the worst value (or which CRMs), when.
[[nodiscard]] std::string one_line_of(const Notice& notice, Language language);

/// Makes it shorter where that hurts least: evidence first, then listed CRMs, remedies, values that are not the worst.
/// Returns false if nothing is left to take away.
[[nodiscard]] bool shorten(Notice& notice);

/// Headings of a layout.
struct NoticeWords {
  std::string_view fault;     ///< Looks like
  std::string_view remedy;    ///< What to do
  std::string_view changes;   ///< Changed before
  std::string_view evidence;  ///< Evidence
  std::string_view open;      ///< Open the incident
  std::string_view listed;    ///< CRMs
  std::string_view incident;  ///< Incident
};
[[nodiscard]] const NoticeWords& words_in(Language language);
/// Returns what the link of a notice is called: `Open the incident`, `Open the report`.
[[nodiscard]] std::string_view link_words(const Notice& notice, Language language);
/// `and 7 more`, `另有 7 个`.
[[nodiscard]] std::string more_text(std::size_t count, Language language);

}  // namespace crmpulse::collector
