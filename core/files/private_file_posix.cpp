#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/files/posix.h"
#include "core/files/private_file.h"

namespace crmpulse::files {
namespace {

namespace fs = std::filesystem;

/// A name in a folder is as durable as the folder.
Result<void> sync_folder_of(const std::string& file) {
  const std::string folder = fs::path(file).parent_path().string();
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.is_open()) return because("open", folder);
  if (::fsync(descriptor.get()) != 0) return because("sync", folder);
  return {};
}

int open_private(const std::string& file, int flags) {
  return ::open(file.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

}  // namespace

Result<void> make_private_folder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(fs::path(folder).parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return because("create", folder);
  if (::chmod(folder.c_str(), 0700) != 0) return because("protect", folder);
  return {};
}

Result<void> create_private(const std::string& file) {
  // Through a link, too: the folder of a store may be one.
  const Descriptor descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!descriptor.is_open()) return because("open", file);
  return {};
}

Result<void> create_filled(const std::string& file, long bytes) {
  const Descriptor descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!descriptor.is_open()) return because("open", file);
  const int outcome = ::posix_fallocate(descriptor.get(), 0, bytes);
  errno = outcome;
  if (outcome != 0) return because("take the room of", file);
  return {};
}

Result<std::string> read_private(const std::string& file, std::size_t most) {
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!descriptor.is_open()) return because("open", file);
  struct stat about{};
  if (::fstat(descriptor.get(), &about) != 0 || !S_ISREG(about.st_mode)) return Error{"it is not a regular file"};
  if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0 || (about.st_uid != ::geteuid() && about.st_uid != 0))
    return Error{"others can write to it"};
  std::string text(most, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t got = ::read(descriptor.get(), text.data() + length, text.size() - length);
    if (got < 0) return because("read", file);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  text.resize(length);
  return text;
}

Result<void> replace_private(const std::string& file, const std::string& fresh, std::string_view text) {
  {
    const Descriptor descriptor(open_private(fresh, O_WRONLY | O_CREAT | O_TRUNC));
    if (!descriptor.is_open()) return because("create", fresh);
    if (::fchmod(descriptor.get(), 0600) != 0 || !write_all(descriptor.get(), text) || ::fsync(descriptor.get()) != 0) {
      const Error error = because("write", fresh);
      ::unlink(fresh.c_str());
      return error;
    }
  }
  if (std::rename(fresh.c_str(), file.c_str()) != 0) {
    const Error error = because("replace", file);
    ::unlink(fresh.c_str());
    return error;
  }
  return sync_folder_of(file);
}

Result<void> remove_file(const std::string& file) {
  if (::unlink(file.c_str()) != 0 && errno != ENOENT) return because("remove", file);
  return {};
}

std::optional<FileIdentity> identity_of(const std::string& file) {
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0) return std::nullopt;
  return FileIdentity{info.st_dev, info.st_ino};
}

int own_process_id() {
  return ::getpid();
}

bool is_running(int process_id) {
  return ::kill(process_id, 0) == 0 || errno != ESRCH;
}

Result<AppendedFile> AppendedFile::open(const std::string& file) {
  const int descriptor = open_private(file, O_RDWR | O_CREAT | O_APPEND);
  if (descriptor < 0) return because("open", file);
  AppendedFile opened;
  opened.handle_ = descriptor;
  opened.file_ = file;
  struct stat about{};
  if (::fstat(descriptor, &about) == 0 && about.st_size == 0) {
    if (const auto synced = sync_folder_of(file); !synced) return synced.error();
  }
  return opened;
}

Result<void> AppendedFile::append(std::string_view text) {
  const int descriptor = static_cast<int>(handle_);
  const off_t before = ::lseek(descriptor, 0, SEEK_END);
  if (write_all(descriptor, text) && ::fdatasync(descriptor) == 0) return {};
  Error error = because("write", file_);
  // Half a line would spoil the next one.
  if (before < 0 || ::ftruncate(descriptor, before) != 0) error.message += "; what is there of it cannot be taken back";
  return error;
}

void AppendedFile::close() {
  if (handle_ != kNone) ::close(static_cast<int>(std::exchange(handle_, kNone)));
}

Result<std::optional<FileLock>> FileLock::try_take(const std::string& file) {
  const int descriptor = open_private(file, O_RDWR | O_CREAT);
  if (descriptor < 0) return because("open", file);
  FileLock taken{descriptor};
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return std::optional{std::move(taken)};
  if (errno == EWOULDBLOCK) return std::optional<FileLock>{};
  return because("lock", file);
}

FileLock::~FileLock() {
  if (handle_ >= 0) ::close(static_cast<int>(handle_));
}

}  // namespace crmpulse::files
