#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "config/protection/file_access.h"

namespace crmpulse::config {

std::optional<std::string> readable_by_others(const std::string& path) {
  using std::filesystem::perms;
  std::error_code error;
  const perms mode = std::filesystem::status(path, error).permissions();
  if (error || (mode & (perms::group_all | perms::others_all)) == perms::none) return std::nullopt;
  return fmt::format("is open to other users (mode {:04o}); chmod 600 closes it",
                     static_cast<unsigned>(mode & perms::all));
}

}  // namespace crmpulse::config
