#pragma once
// The one line by which a message is known: tone, state, icon and title of a Notice.

#include <string_view>

#include "collector/notice/notice.h"

namespace crmpulse::collector {

/// Sets tone, icon, state and title. `type`, `subject`, `level` and the CRMs listed must be there.
void put_title(Notice& notice, const Message& message, Language language);

/// How a level is called: `POOR` in a title, `poor` in a sentence.
using LevelName = std::string_view (*)(Level level, Language language);
/// Returns what happened to a CRM, behind its name: `is worse, now POOR`, 恶化为不良.
[[nodiscard]] Bilingual predicate_of(const Message& message, LevelName name);

}  // namespace crmpulse::collector
