#pragma once
// What the store needs of the file system beside SQLite. Internal to store/.

#include <string>

#include "core/failure/error.h"

namespace crmpulse::store {

/// Creates the file, readable by its owner alone, unless it is there.
[[nodiscard]] Result<void> create_private(const std::string& file);

/// Creates a file that only takes room, so that a start on a full disk has some: it is given up then, and taken again
/// later. Returns false if there is no room for it now.
[[nodiscard]] bool hold_reserve(const std::string& file);
/// Deletes the reserve file. Returns false if there was none.
bool give_up_reserve(const std::string& file);

/// Held as long as the object lives; the kernel frees it when the process dies. A file of its own, because closing any
/// descriptor of the database file would drop SQLite's own locks.
class FileLock {
 public:
  [[nodiscard]] static Result<FileLock> take(const std::string& file);
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace crmpulse::store
