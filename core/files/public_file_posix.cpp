#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "core/files/posix.h"
#include "core/files/public_file.h"

namespace crmpulse::files {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kReadableByAll = 0644;

std::string folder_of(const std::string& file) {
  const fs::path folder = fs::path{file}.parent_path();
  return folder.empty() ? "." : folder.string();
}

/// Mode and owner of what is replaced, else of a new file.
struct Keep {
  mode_t mode = kReadableByAll;
  struct stat owner{};
  bool has_owner = false;
};

Keep keep_of(const std::string& file) {
  Keep keep;
  keep.has_owner = ::stat(file.c_str(), &keep.owner) == 0;
  if (keep.has_owner)
    keep.mode = keep.owner.st_mode & 0777U;
  else
    keep.has_owner = ::stat(folder_of(file).c_str(), &keep.owner) == 0;
  return keep;
}

Result<void> write_fresh(const std::string& fresh, const Keep& keep, std::string_view text) {
  const Descriptor opened(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!opened.is_open()) return because("create", fresh);
  if (!write_all(opened.get(), text)) return because("write", fresh);
  // Who may not give it away owns it: as before, then, or in a folder of its own.
  if (keep.has_owner && ::fchown(opened.get(), keep.owner.st_uid, keep.owner.st_gid) != 0 && errno != EPERM)
    return because("give away", fresh);
  if (::fchmod(opened.get(), keep.mode) != 0 || ::fsync(opened.get()) != 0) return because("write", fresh);
  return {};
}

}  // namespace

Result<std::string> read_whole(const std::string& file, std::size_t most) {
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened.is_open()) return because("open", file);
  struct stat about{};
  if (::fstat(opened.get(), &about) != 0 || !S_ISREG(about.st_mode))
    return Error{fmt::format("{} is not a regular file", file)};
  std::string text(most + 1, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t got = ::read(opened.get(), text.data() + length, text.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return because("read", file);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  if (length > most) return Error{fmt::format("{} holds more than {} bytes", file, most)};
  text.resize(length);
  return text;
}

Result<void> replace_public(const std::string& file, std::string_view text) {
  std::error_code error;
  const fs::path behind = fs::canonical(file, error);
  const std::string place = error ? file : behind.string();
  const std::string fresh = place + ".new";
  if (auto written = write_fresh(fresh, keep_of(place), text); !written) {
    ::unlink(fresh.c_str());
    return written;
  }
  if (std::rename(fresh.c_str(), place.c_str()) != 0) {
    const Error failed = because("replace", place);
    ::unlink(fresh.c_str());
    return failed;
  }
  const Descriptor folder(::open(folder_of(place).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || ::fsync(folder.get()) != 0) return because("sync", folder_of(place));
  return {};
}

Result<void> own_like(const std::string& file, const std::string& like) {
  struct stat wanted{};
  if (::geteuid() != 0 || ::stat(like.c_str(), &wanted) != 0) return {};
  if (::lchown(file.c_str(), wanted.st_uid, wanted.st_gid) != 0) return because("give away", file);
  return {};
}

}  // namespace crmpulse::files
