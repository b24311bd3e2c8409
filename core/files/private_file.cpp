#include "core/files/private_file.h"

#include <utility>

namespace crmpulse::files {

AppendedFile::AppendedFile(AppendedFile&& other) noexcept
    : handle_(std::exchange(other.handle_, kNone)), file_(std::move(other.file_)) {}

AppendedFile& AppendedFile::operator=(AppendedFile&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(file_, other.file_);
  return *this;
}

FileLock::FileLock(FileLock&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

}  // namespace crmpulse::files
