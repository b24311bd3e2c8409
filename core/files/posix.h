#pragma once
// What files need of POSIX: for *_posix.cpp and for rooms that exist on POSIX alone.

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include "core/failure/error.h"

namespace crmpulse::files {

/// Closes with the object. Below 0: nothing is open.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

/// Returns "cannot WHAT FILE:" and what errno says.
[[nodiscard]] inline Error because(std::string_view what, std::string_view file) {
  return Error{fmt::format("cannot {} {}: {}", what, file, std::generic_category().message(errno))};
}

/// Returns false, with errno, if not all of it could be written.
[[nodiscard]] inline bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace crmpulse::files
