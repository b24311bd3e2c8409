#include "collector/data_dir.h"

#include <cstdlib>
#include <filesystem>

namespace crmpulse::collector {
namespace {

namespace fs = std::filesystem;

bool holds_rules(const fs::path& directory) {
  std::error_code ignored;
  return fs::is_directory(directory / "rules", ignored);
}

}  // namespace

std::string data_dir() {
  if (const char* chosen = std::getenv("CRMPULSE_DATA_DIR"); chosen != nullptr && *chosen != '\0') return chosen;
  std::error_code error;
  // build/PRESET/bin/PROGRAM or PREFIX/bin/PROGRAM: the tree's root is at most three folders above `bin`.
  fs::path above = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (int levels = 0; !error && levels < 4 && above.has_relative_path(); ++levels, above = above.parent_path()) {
    if (holds_rules(above / "share/crmpulse")) return above / "share/crmpulse";
    if (fs::exists(above / "config/rules/default.yaml", error)) return above / "config";
  }
  return CRMPULSE_DATA_DIR;
}

}  // namespace crmpulse::collector
