#pragma once
// What the watcher says of values, in both languages.

#include <string>
#include <string_view>

namespace crmpulse::sandbox {

enum class Language { en, zh };

/// `● healthy`, `▲ 亚健康`; a state that is not known yet is warming up.
[[nodiscard]] std::string state_word(std::string_view state, Language language);
/// Returns 0, 1 or 2, -1 if it is not known.
[[nodiscard]] int level_of(std::string_view state);
/// `response time`; a dimension of somebody's own keeps its name.
[[nodiscard]] std::string dimension_word(std::string_view dimension, Language language);
/// `420 ms`, `3 min 40 s`, `50%`, `3`.
[[nodiscard]] std::string value_word(double value, std::string_view unit, Language language);
/// `vendor: the CRM itself answers slowly`; the sentence alone if nobody is to blame.
[[nodiscard]] std::string fault_words(std::string_view verdict, std::string_view why, Language language);
/// `incident.opened` in English, in Chinese what it means.
[[nodiscard]] std::string event_word(std::string_view event, Language language);

}  // namespace crmpulse::sandbox
