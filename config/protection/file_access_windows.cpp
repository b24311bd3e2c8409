#include "config/protection/file_access.h"

#include <windows.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/protection/access_list_windows.h"

namespace crmpulse::config {

std::optional<std::string> readable_by_others(const std::string& path) {
  const std::vector<std::string> others = groups_with(path, FILE_READ_DATA);
  if (others.empty()) return std::nullopt;
  // By their SIDs, because these two are called otherwise on a German or French system.
  return fmt::format(
      "may be read by {}; keep it in the folder secrets of ProgramData\\crmpulse, or: icacls \"{}\" /inheritance:r "
      "/grant *S-1-5-18:F *S-1-5-32-544:F \"NT SERVICE\\crmpulse-agent:R\"",
      fmt::join(others, ", "), path);
}

}  // namespace crmpulse::config
