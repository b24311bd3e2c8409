#include "core/files/state_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace crmpulse::files {
namespace {

int open_lock(const std::string& file) {
  return ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/// Made by root at the command line, the service must be able to take it.
void give_to_owner_of(const std::string& state_dir, int descriptor) {
  struct stat folder{};
  if (::geteuid() != 0 || ::stat(state_dir.c_str(), &folder) != 0) return;
  if (::fchown(descriptor, folder.st_uid, folder.st_gid) != 0) return;
}

}  // namespace

StateLock::StateLock(const std::string& state_dir, const std::string& name) {
  std::error_code ignored;
  std::filesystem::create_directories(state_dir, ignored);
  const std::string file = state_dir + "/" + name;
  descriptor_ = open_lock(file);
  // One that an earlier version left as root's; the folder is ours.
  if (descriptor_ < 0 && errno == EACCES && ::unlink(file.c_str()) == 0) descriptor_ = open_lock(file);
  if (descriptor_ < 0) return;
  give_to_owner_of(state_dir, descriptor_);
  ::flock(descriptor_, LOCK_EX);
}

StateLock::~StateLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace crmpulse::files
