#pragma once
#include <string>
#include <string_view>

namespace crmpulse::fuzz {

/// A file that exists only in memory, for functions that read files by name. Linux only.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] std::string path() const;

 private:
  int descriptor_;
};

}  // namespace crmpulse::fuzz
