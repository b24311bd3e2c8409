#pragma once
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

namespace crmpulse::test {

/// What this process writes to standard error meanwhile: its log. Passed on when the object goes.
class CapturedLog {
 public:
  CapturedLog() : file_(std::tmpfile()), kept_(::dup(STDERR_FILENO)) {
    if (file_ == nullptr || kept_ < 0 || ::dup2(::fileno(file_), STDERR_FILENO) < 0)
      throw std::runtime_error("standard error cannot be captured");
  }
  ~CapturedLog() {
    ::dup2(kept_, STDERR_FILENO);
    ::close(kept_);
    const std::string all = text();
    std::fwrite(all.data(), 1, all.size(), stderr);
    std::fclose(file_);
  }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  [[nodiscard]] std::string text() const {
    std::string all;
    char buffer[4096];
    for (;;) {
      const auto size = ::pread(::fileno(file_), buffer, sizeof buffer, static_cast<off_t>(all.size()));
      if (size <= 0) return all;
      all.append(buffer, static_cast<std::size_t>(size));
    }
  }
  /// Lines that hold all of these.
  template <class... Parts>
  [[nodiscard]] int lines(const Parts&... parts) const {
    int found = 0;
    const std::string all = text();
    for (std::size_t begin = 0, end = 0; (end = all.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const std::string_view line = std::string_view{all}.substr(begin, end - begin);
      if (((line.find(parts) != std::string_view::npos) && ...)) ++found;
    }
    return found;
  }

 private:
  std::FILE* file_;
  int kept_;
};

}  // namespace crmpulse::test
