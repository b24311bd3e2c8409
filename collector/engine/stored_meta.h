#pragma once
// Reads the store's small named values, as texts, numbers and times.

#include <cstdint>
#include <optional>
#include <string>

#include "core/time/time.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

/// Returns nullopt if there is no such value, or if its checksum does not fit: then the log says so, and what it says
/// is not known.
[[nodiscard]] Result<std::optional<std::string>> intact_meta(store::Database& database, const std::string& name);
/// Returns 0 if there is no such value.
[[nodiscard]] Result<std::int64_t> stored_number(store::Database& database, const std::string& name);
/// Returns nullopt if there is no such value, or if it is not a time.
[[nodiscard]] Result<std::optional<TimePoint>> stored_time(store::Database& database, const std::string& name);

}  // namespace crmpulse::collector
