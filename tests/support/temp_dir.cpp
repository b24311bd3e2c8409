#include "tests/support/temp_dir.h"

#include <filesystem>
#include <fstream>
#include <random>

namespace crmpulse::test {

TempDir::TempDir() {
  std::random_device random;
  std::filesystem::path folder;
  do {
    folder = std::filesystem::temp_directory_path() /
             ("crmpulse-test-" + std::to_string(random()) + std::to_string(random()));
  } while (!std::filesystem::create_directory(folder));
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  path_ = folder.string();
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::path(std::string_view name) const {
  return name.empty() ? path_ : path_ + "/" + std::string{name};
}

std::string TempDir::write(std::string_view name, std::string_view text) const {
  const std::string file = path(name);
  std::filesystem::create_directories(std::filesystem::path{file}.parent_path());
  std::ofstream{file, std::ios::binary} << text;
  return file;
}

}  // namespace crmpulse::test
