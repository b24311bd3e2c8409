#pragma once
// A folder for what one test writes.

#include <string>
#include <string_view>

namespace crmpulse::test {

/// A new folder under the system's temporary one, removed with everything in it at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  /// The folder, or what is called so in it.
  [[nodiscard]] std::string path(std::string_view name = {}) const;
  /// Writes a file, with the folders it needs, and gives its path.
  std::string write(std::string_view name, std::string_view text) const;

 private:
  std::string path_;
};

}  // namespace crmpulse::test
