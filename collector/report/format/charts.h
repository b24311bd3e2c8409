#pragma once
// Charts as SVG without a style of their own (format/style.h has it). Shape and place tell conditions apart as well as
// colour, and each chart has its text.

#include <string>

#include "collector/report/figures/report.h"
#include "core/words/language.h"

namespace crmpulse::collector::report {

/// Returns what its state was: a line for each day by the clock, or, of parts longer than a day, a column for each with
/// the time that was not healthy. Empty without any state.
[[nodiscard]] std::string state_chart(const Report& report, Language language);
/// Returns a small chart of the response time for each of the operations that are called most, six at most. Empty
/// without any.
[[nodiscard]] std::string latency_charts(const Report& report, Language language);
/// Returns a bar that is filled up to `part` (0 to 1).
[[nodiscard]] std::string progress_bar(double part, const std::string& label);

}  // namespace crmpulse::collector::report
