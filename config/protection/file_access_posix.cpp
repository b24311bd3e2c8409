#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "config/protection/file_access.h"

namespace crmpulse::config {
namespace {

/// Root's file that the group of this service's account may read and nobody else: as Kubernetes hands a secret to an
/// account that is not root.
bool handed_by_root(const std::string& path) {
  struct stat file{};
  return ::geteuid() != 0 && ::stat(path.c_str(), &file) == 0 && file.st_uid == 0 && file.st_gid == ::getegid() &&
         (file.st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) == 0;
}

}  // namespace

std::optional<std::string> readable_by_others(const std::string& path) {
  using std::filesystem::perms;
  std::error_code error;
  const perms mode = std::filesystem::status(path, error).permissions();
  if (error || (mode & (perms::group_all | perms::others_all)) == perms::none || handed_by_root(path))
    return std::nullopt;
  return fmt::format("is open to other users (mode {:04o}); chmod 600 closes it",
                     static_cast<unsigned>(mode & perms::all));
}

}  // namespace crmpulse::config
