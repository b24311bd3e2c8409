#pragma once
// The tables and lists of a report's page.

#include <string>

#include "collector/report/figures/report.h"
#include "core/words/language.h"

namespace crmpulse::collector::report {

/// Returns the figures by dimension. `brief`: of each dimension the one that says most.
[[nodiscard]] std::string figures_table(const Report& report, Language language, bool brief);
/// Returns p50, p75 and p95 of each operation. Empty without any.
[[nodiscard]] std::string latency_table(const Report& report, Language language);
[[nodiscard]] std::string incidents_table(const Report& report, Language language, std::size_t most);
[[nodiscard]] std::string goals_table(const Report& report, Language language);
[[nodiscard]] std::string improvements_list(const Report& report, Language language);
/// Returns the timelines of the incidents and what the vendor said.
[[nodiscard]] std::string appendix(const Report& report, Language language);

}  // namespace crmpulse::collector::report
