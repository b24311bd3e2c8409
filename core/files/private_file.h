#pragma once
// Files that one program keeps for itself: nobody else can read them, what is written is on disk, and what is replaced
// is replaced whole. POSIX protects them by their mode, Windows by the access list of the state directory they lie in
// (agent/windows/access.h). Paths are UTF-8. Everything here waits for the disk.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/failure/error.h"

namespace crmpulse::files {

/// Makes the folder and those above it. The folder itself is its owner's alone, also if it was there.
[[nodiscard]] Result<void> make_private_folder(const std::string& folder);

/// Creates the file, readable by its owner alone, unless it is there.
[[nodiscard]] Result<void> create_private(const std::string& file);

/// Creates the file and takes `bytes` on the disk for it. Error: there is no room, or it cannot be created.
[[nodiscard]] Result<void> create_filled(const std::string& file, long bytes);

/// Returns up to `most` bytes of a file that only its owner, or root, can have written. Error: it is a link or not a
/// regular file, or others can write to it.
[[nodiscard]] Result<std::string> read_private(const std::string& file, std::size_t most);

/// Replaces the content of `file`, whole and durably, by way of `fresh`, a name in the same folder.
[[nodiscard]] Result<void> replace_private(const std::string& file, const std::string& fresh, std::string_view text);

/// Removes the file. Not an error: there was none.
[[nodiscard]] Result<void> remove_file(const std::string& file);

/// The same number for the same file only, whatever its name, while it is there.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t number = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
/// Returns nullopt if there is no such file.
[[nodiscard]] std::optional<FileIdentity> identity_of(const std::string& file);

[[nodiscard]] int own_process_id();
/// Returns true also if the system does not say.
[[nodiscard]] bool is_running(int process_id);

/// A file that grows by whole pieces. Not thread-safe.
class AppendedFile {
 public:
  AppendedFile() = default;
  ~AppendedFile() { close(); }
  AppendedFile(AppendedFile&& other) noexcept;
  AppendedFile& operator=(AppendedFile&& other) noexcept;

  /// Opens the file, created with its name durable if it is not there; a link is refused.
  [[nodiscard]] static Result<AppendedFile> open(const std::string& file);
  /// On disk when it returns; after an error nothing of `text` is left in the file, as far as that is possible.
  [[nodiscard]] Result<void> append(std::string_view text);
  [[nodiscard]] bool is_open() const { return handle_ != kNone; }
  void close();

 private:
  static constexpr std::intptr_t kNone = -1;
  std::intptr_t handle_ = kNone;
  std::string file_;
};

/// Held as long as the object lives; the system frees it when the process ends, however it ends.
class FileLock {
 public:
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  /// Returns nullopt if somebody else holds it. The file is made for it, and stays.
  [[nodiscard]] static Result<std::optional<FileLock>> try_take(const std::string& file);

 private:
  explicit FileLock(std::intptr_t handle) : handle_(handle) {}
  std::intptr_t handle_;
};

}  // namespace crmpulse::files
