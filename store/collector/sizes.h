#pragma once
// How much the collector's database holds, by kind.

#include <cstdint>
#include <string_view>
#include <vector>

#include "store/sqlite/database.h"

namespace crmpulse::store {

struct KindSize {
  std::string_view kind;
  std::int64_t bytes = 0;
};
/// Returns `journal` (samples and evidence as they came), `stored` (everything else: history, states, incidents,
/// messages) and `free` (what the file holds for later). Looks at a few pages, however large the file is.
[[nodiscard]] Result<std::vector<KindSize>> store_sizes(Database& database);

}  // namespace crmpulse::store
