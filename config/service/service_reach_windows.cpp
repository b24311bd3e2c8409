#include <windows.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/protection/access_list_windows.h"
#include "config/service/service_reach.h"

namespace crmpulse::config {

// `service install` gives the service's account what it reads. What goes wrong on Windows is the other way round:
// ProgramData lets everybody make files, and what others may write the service obeys.
std::vector<std::string> unreadable_for_service(const std::string&, const std::string& config,
                                                const std::vector<std::string>& more) {
  constexpr DWORD kChange = FILE_WRITE_DATA | FILE_APPEND_DATA | DELETE | WRITE_DAC | WRITE_OWNER;
  std::vector<std::string> files{config};
  files.insert(files.end(), more.begin(), more.end());
  std::vector<std::string> out;
  for (const std::string& file : files) {
    const std::vector<std::string> others = groups_with(file, kChange);
    if (!others.empty()) {
      out.push_back(fmt::format("{} may be changed by {}; keep it where only administrators may write", file,
                                fmt::join(others, ", ")));
    }
  }
  return out;
}

}  // namespace crmpulse::config
