#pragma once
#include <fstream>
#include <iterator>
#include <string>

/// What a file of the repository holds.
[[nodiscard]] inline std::string text_file(const std::string& name) {
  std::ifstream stream{std::string{CRMPULSE_SOURCE_DIR} + "/" + name};
  return {std::istreambuf_iterator<char>{stream}, {}};
}
