#pragma once
// What the collector's store holds, in bytes, by what it is kept for.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "core/time/time.h"
#include "store/sqlite/database.h"

namespace crmpulse::store {

struct KeptSize {
  /// `journal`, `samples`, `minutes`, `hours`, `days`, `states`, `incidents`, `messages`, `snapshots`
  std::string_view kind;
  std::int64_t bytes = 0;           ///< of contents, without what the file adds
  std::optional<TimePoint> oldest;  ///< absent where nothing is kept by age, or nothing is there
};

/// Returns all kinds. Reads much of a large store: not for every request.
[[nodiscard]] Result<std::vector<KeptSize>> kept_sizes(Database& database);

}  // namespace crmpulse::store
