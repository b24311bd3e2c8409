#pragma once
// A copy of the collector's store in one file: rows of the database, and the files beside it that go with them. Paths
// are UTF-8. Everything here waits for the disk.

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "core/failure/error.h"
#include "store/sqlite/database.h"

namespace crmpulse::store {

/// What lies beside the database and belongs to it (tokens, the audit log): contents by file name.
using Companions = std::map<std::string, std::string>;
/// Bytes done, of all; of all 0: it is not known.
using CopyProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

/// Writes what `reader` sees now, and `companions`, into `file`, which must not exist; the store's writer goes on. The
/// file is its owner's alone and not on disk for certain before it was synced.
[[nodiscard]] Result<void> write_copy(Database& reader, const std::string& file, const Companions& companions,
                                      const CopyProgress& progress);

struct CopyFacts {
  std::int64_t crms = 0;
  std::int64_t incidents = 0;
  bool has_companions = false;  ///< false: a version made it that copied the database alone
};
/// Checks every page of a copy, and that it is one of this program or an earlier version. Changes nothing.
[[nodiscard]] Result<CopyFacts> check_copy(const std::string& file, const CopyProgress& progress);

/// Takes the companions out of a copy: what is left is a store.
[[nodiscard]] Result<Companions> take_companions(const std::string& file);

}  // namespace crmpulse::store
