#pragma once
// A damaged database costs what is damaged: the rest is copied into a new file. Internal to store/.

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "store/sqlite/database.h"

namespace crmpulse::store {

/// Mends what the copied rows do not say themselves, inside the copy's transaction.
using AfterSalvage = std::function<Result<void>(Database&)>;

/// Opens the file for its writer and migrates it. When SQLite calls it damaged, every row that can still be read is
/// copied into a new file with the same schema, which takes its place; the damaged one stays beside it as
/// `<file>.damaged-<UTC time>` (with its `-wal`), and the log says so. Any other error is left to a person.
[[nodiscard]] Result<Database> open_or_salvage(const std::string& file,
                                               std::initializer_list<std::string_view> migrations,
                                               const AfterSalvage& after = {});

/// Salvages a closed file that was found damaged later than at its opening.
[[nodiscard]] Result<void> salvage(const std::string& file, std::initializer_list<std::string_view> migrations,
                                   const AfterSalvage& after = {});

}  // namespace crmpulse::store
