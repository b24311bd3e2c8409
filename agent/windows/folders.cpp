#include "agent/windows/folders.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "agent/service.h"
#include "core/windows/wide.h"

namespace crmpulse::agent::windows {
namespace {

namespace fs = std::filesystem;

/// Whatever the code page of the process is.
fs::path path_of(const std::string& text) {
  return fs::path{crmpulse::windows::to_wide(text)};
}
std::string text_of(const fs::path& path) {
  return crmpulse::windows::to_utf8(path.native());
}

}  // namespace

Folders folders() {
  const fs::path root = path_of(service::default_config()).parent_path();
  return {text_of(root), text_of(root / "secrets"), service::default_state_dir()};
}

std::string program_file() {
  return text_of(path_of(service::executable_dir()) / "crmpulse-agent.exe");
}

Result<bool> write_example(const std::string& config) {
  std::error_code error;
  if (fs::exists(path_of(config), error)) return false;
  const fs::path example = path_of(service::executable_dir()) / "agent.yaml";
  fs::copy_file(example, path_of(config), error);
  if (error) return Error{fmt::format("cannot copy {} to {}: {}", text_of(example), config, error.message())};
  return true;
}

}  // namespace crmpulse::agent::windows
