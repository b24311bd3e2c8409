#pragma once
// Hours of the week, as rules and agents write them.

#include "config/reader.h"
#include "core/time/hours.h"

namespace crmpulse::config {

/// `{days: mon-fri, hours: "08:00-18:00", tz: Europe/Prague, holidays: [2026-12-25]}`: of a rule. All keys may be left
/// out; `local` is the zone of this machine.
void read_rule_hours(Reader& reader, ActiveHours& hours);

/// `{days: mon-fri, from: "08:00", to: "18:00", tz: Asia/Shanghai, holidays: [2026-12-25]}`: of a CRM. The zone is
/// required, by its name: the hours are read on another machine too.
void read_crm_hours(Reader& reader, ActiveHours& hours);

}  // namespace crmpulse::config
