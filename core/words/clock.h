#pragma once
// Times as a person reads them: by the clock of a zone, which is named.

#include <memory>
#include <string>
#include <utility>

#include "core/time/time.h"
#include "core/time/zone.h"
#include "core/words/language.h"

namespace crmpulse {

/// Null: UTC.
using ZonePtr = std::shared_ptr<const Zone>;

/// Who reads a text: in which language, by which clock.
struct Audience {
  Audience() = default;
  Audience(Language spoken) : language(spoken) {}
  Audience(Language spoken, ZonePtr clock) : language(spoken), zone(std::move(clock)) {}

  Language language = Language::en;
  ZonePtr zone;
};

/// `09:10 UTC`, `17:10 Asia/Shanghai`, with its date when `at` is on another day than `now`. An hour that a clock shows
/// twice is told with its offset.
[[nodiscard]] std::string moment_text(TimePoint at, TimePoint now, const ZonePtr& zone = {});
/// The same with its date always.
[[nodiscard]] std::string date_text(TimePoint at, const ZonePtr& zone = {});

/// `35 min`, `3 h 40 min`, `35 分钟`; one below zero is none.
[[nodiscard]] std::string span_text(Duration span, Language language);
/// `09:10 UTC (35 min)`: the span only when it is worth saying.
[[nodiscard]] std::string since_text(TimePoint since, TimePoint at, const Audience& audience);
/// `35 min (09:10 to 09:45 UTC)`
[[nodiscard]] std::string lasted_text(TimePoint since, TimePoint until, const Audience& audience);

}  // namespace crmpulse
