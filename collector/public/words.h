#pragma once
// The sentences of the public page, in both languages.

#include <string>
#include <string_view>

#include "collector/public/status.h"
#include "collector/text/language.h"

namespace crmpulse::collector {

/// `Healthy`, 理想; with its shape: `● Healthy`.
[[nodiscard]] std::string_view state_word(Shown state, Language language);
[[nodiscard]] std::string_view state_shape(Shown state);
/// `Sub-healthy since 09:10 UTC: response time.`
[[nodiscard]] Bilingual crm_sentence(const PublicCrm& crm, const PublicStatus& status);
/// `1 of 3 systems needs attention.`
[[nodiscard]] Bilingual whole_sentence(const PublicStatus& status);
/// `Poor for 35 min (09:10 to 09:45 UTC): response time.`
[[nodiscard]] Bilingual incident_sentence(const ShownIncident& incident, const PublicStatus& status);
/// `2026-12-01 22:00 UTC to 2026-12-02 02:00 UTC`
[[nodiscard]] Bilingual planned_sentence(const PlannedWork& work, const PublicStatus& status);

}  // namespace crmpulse::collector
