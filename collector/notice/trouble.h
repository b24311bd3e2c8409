#pragma once
// What is wrong with crmpulse itself, in words: what it is, what that means, and what to do.

#include <optional>
#include <string_view>

#include "collector/message/trouble.h"
#include "collector/text/language.h"

namespace crmpulse::collector {

struct TroubleText {
  Bilingual name;    ///< in a title: `the disk refuses writes`
  Bilingual text;    ///< a sentence or two
  Bilingual remedy;  ///< what to do
};
/// Of several subjects at once their names are in `detail`.
[[nodiscard]] TroubleText trouble_text(const Trouble& trouble);
/// Returns the trouble that a message is about; nullopt if it is about something else.
[[nodiscard]] std::optional<Trouble> trouble_of(const Message& message);

}  // namespace crmpulse::collector
