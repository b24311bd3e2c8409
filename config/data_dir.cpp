#include "config/data_dir.h"

#include <cstdlib>
#include <filesystem>

#include "core/files/utf8_path.h"

namespace crmpulse::config {

std::string data_dir(const std::string& executable_dir, const std::string& installed) {
  if (const char* given = std::getenv("CRMPULSE_DATA_DIR"); given != nullptr && *given != '\0') return given;
  const std::filesystem::path here{executable_dir};
  for (const char* relative : {"../../../config", "../share/crmpulse", "."}) {
    auto candidate = (here / relative).lexically_normal();
    if (!candidate.has_filename()) candidate = candidate.parent_path();  // no slash at its end
    std::error_code error;
    if (std::filesystem::is_directory(candidate / "rules", error)) return files::utf8(candidate);
  }
  return installed;
}

}  // namespace crmpulse::config
