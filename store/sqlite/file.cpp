#include "store/sqlite/file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/loop_thread.h"

#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#include <share.h>
#include <sys/stat.h>
#else
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#endif

namespace crmpulse::store {
namespace {

Error because(const std::string& what, const std::string& file) {
  return Error{fmt::format("{} {}: {}", what, file, std::generic_category().message(errno))};
}

// On Windows the state directory's own access list keeps others out, and opening without sharing is the lock.
#ifdef _WIN32
int open_private(const std::string& file, bool exclusive) {
  int descriptor = -1;
  _sopen_s(&descriptor, file.c_str(), _O_RDWR | _O_CREAT | _O_BINARY | _O_NOINHERIT,
           exclusive ? _SH_DENYRW : _SH_DENYNO, _S_IREAD | _S_IWRITE);
  return descriptor;
}
bool lock(int) {
  return true;
}
void close_descriptor(int descriptor) {
  _close(descriptor);
}
bool allocate(int descriptor, long bytes) {
  return _chsize_s(descriptor, bytes) == 0;
}
#else
int open_private(const std::string& file, bool) {
  return ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}
bool lock(int descriptor) {
  return ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
}
void close_descriptor(int descriptor) {
  ::close(descriptor);
}
bool allocate(int descriptor, long bytes) {
  return ::posix_fallocate(descriptor, 0, bytes) == 0;
}
#endif

/// SQLite's index of a log (32 KiB for each 4,096 pages), the head of the log, and some commits.
constexpr long kReserveBytes = 1024L * 1024;

}  // namespace

bool hold_reserve(const std::string& file) {
  CRMPULSE_OFF_LOOP();
  std::error_code error;
  if (std::filesystem::file_size(file, error) == static_cast<std::uintmax_t>(kReserveBytes) && !error) return true;
  const int descriptor = open_private(file, false);
  if (descriptor < 0) return false;
  const bool held = allocate(descriptor, kReserveBytes);
  close_descriptor(descriptor);
  if (!held) std::filesystem::remove(file, error);
  return held;
}

bool give_up_reserve(const std::string& file) {
  CRMPULSE_OFF_LOOP();
  std::error_code error;
  return std::filesystem::remove(file, error);
}

Result<void> create_private(const std::string& file) {
  CRMPULSE_OFF_LOOP();
  const int descriptor = open_private(file, false);
  if (descriptor < 0) return because("cannot open", file);
  close_descriptor(descriptor);
  return {};
}

Result<FileLock> FileLock::take(const std::string& file) {
  CRMPULSE_OFF_LOOP();
  const int descriptor = open_private(file, true);
  if (descriptor < 0) return because("cannot lock", file);
  FileLock held{descriptor};
  if (!lock(descriptor))
    return Error{fmt::format("{} is held by another process: is the program running twice on one state_dir?", file)};
  return held;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) close_descriptor(descriptor_);
}
FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

}  // namespace crmpulse::store
