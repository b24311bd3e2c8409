#pragma once
// A rule in words, for whoever asks what is in force: `response time (p75 of 5 min): sub-healthy from 1 s, held for
// 2 min; poor from 3 s, held for 1 min`. Values are worded as in messages.

#include "collector/text/language.h"
#include "core/rule.h"

namespace crmpulse::collector {

/// One sentence in each language, without the end of one.
[[nodiscard]] Bilingual rule_words(const Rule& rule);

}  // namespace crmpulse::collector
