#pragma once
// What the store needs of the file system beside SQLite. Internal to store/.

#include <string>

#include "core/failure/error.h"
#include "core/files/private_file.h"

namespace crmpulse::store {

/// Creates the file, readable by its owner alone, unless it is there.
[[nodiscard]] Result<void> create_private(const std::string& file);

/// Creates a file that only takes room, so that a start on a full disk has some: it is given up then, and taken again
/// later. Returns false if there is no room for it now.
[[nodiscard]] bool hold_reserve(const std::string& file);
/// Deletes the reserve file. Returns false if there was none.
bool give_up_reserve(const std::string& file);

/// Takes the lock of a store. A file of its own, because closing any descriptor of the database file would drop
/// SQLite's own locks.
[[nodiscard]] Result<files::FileLock> take_lock(const std::string& file);

}  // namespace crmpulse::store
