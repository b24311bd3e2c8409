#pragma once
// Loads time zones from the system's database.

#include <string_view>

#include "core/failure/error.h"
#include "core/time/zone.h"

namespace crmpulse::config {

/// `Europe/Prague` → its transitions from 1970 to 2100, from the system's time zone database. `local` is the
/// machine's own zone.
[[nodiscard]] Result<Zone> load_zone(std::string_view name);

}  // namespace crmpulse::config
