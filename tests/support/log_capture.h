#pragma once
// Keeps what is logged meanwhile, for tests of what the log says and how often.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/process.h"

namespace crmpulse::test {

/// Takes standard error while it lives. One at a time.
class LogCapture {
 public:
  LogCapture() : file_(directory_.path() + "/log") {
    std::fflush(stderr);
    kept_ = ::dup(STDERR_FILENO);
    if (FILE* file = std::fopen(file_.c_str(), "a"); file != nullptr) {
      ::dup2(::fileno(file), STDERR_FILENO);
      std::fclose(file);
    }
  }
  ~LogCapture() {
    std::fflush(stderr);
    ::dup2(kept_, STDERR_FILENO);
    ::close(kept_);
  }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  [[nodiscard]] std::string text() const {
    std::fflush(stderr);
    std::ostringstream out;
    out << std::ifstream{file_}.rdbuf();
    return out.str();
  }
  [[nodiscard]] std::size_t count(const std::string& words) const {
    const std::string all = text();
    std::size_t times = 0;
    for (std::size_t at = all.find(words); at != std::string::npos; at = all.find(words, at + 1)) ++times;
    return times;
  }

 private:
  TempDir directory_;
  std::string file_;
  int kept_ = -1;
};

}  // namespace crmpulse::test
