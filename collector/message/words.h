#pragma once
// Puts the facts of a message into words: the pieces that its texts, timelines and the page are made of. Plain text of
// one line each, bounded, without what cannot be seen.

#include <string>
#include <string_view>

#include "collector/message/message.h"
#include "collector/text/language.h"

namespace crmpulse::collector {

struct Fact {
  std::string name;
  std::string value;
  std::string said = {};  ///< both as one piece of a sentence, of what fails; else empty
};

/// Returns a name in a message (of a CRM, an agent, …) as it is shown.
[[nodiscard]] std::string shown_name(std::string_view name);
/// Returns `response time`, `4.1 s (poor from 3 s)`, and both together.
[[nodiscard]] Fact failing_words(const Failing& failing, Language language);
/// Returns the piece of a sentence: `response time 4.1 s (poor from 3 s)`, `3 checks in a row failed (poor from 3)`.
[[nodiscard]] Bilingual failing_sentence(const Failing& failing);
/// Returns the value without a threshold, of what need not fail: `response time 0.2 s`; of what fails
/// failing_sentence().
[[nodiscard]] Bilingual measured_sentence(const Failing& failing);
/// Returns `the vendor — the CRM itself answers slowly`.
[[nodiscard]] std::string fault_words(const Fault& fault, Language language);
/// Returns `08:55 UTC the CRM's version changed from 6.0 to 6.2`.
[[nodiscard]] std::string change_words(const EarlierChange& change, TimePoint now, const Audience& audience);

}  // namespace crmpulse::collector
