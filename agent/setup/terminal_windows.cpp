#include <io.h>
#include <windows.h>

#include <cstdio>
#include <iostream>

#include "agent/setup/terminal.h"

namespace crmpulse::agent::setup {
namespace {

/// No echo as long as it lives.
class Hidden {
 public:
  Hidden() : console_(::GetStdHandle(STD_INPUT_HANDLE)) {
    if (::GetConsoleMode(console_, &before_) == 0) return;
    hidden_ = ::SetConsoleMode(console_, before_ & ~static_cast<DWORD>(ENABLE_ECHO_INPUT)) != 0;
  }
  ~Hidden() {
    if (!hidden_) return;
    (void)::SetConsoleMode(console_, before_);
    std::cout << std::endl;
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;

 private:
  HANDLE console_;
  DWORD before_ = 0;
  bool hidden_ = false;
};

class WindowsTerminal final : public Terminal {
 public:
  [[nodiscard]] bool is_interactive() const override { return ::_isatty(0) != 0 && ::_isatty(1) != 0; }
  [[nodiscard]] std::optional<std::string> line() override {
    std::string text;
    if (!std::getline(std::cin, text)) return std::nullopt;
    if (text.ends_with('\r')) text.pop_back();
    return text;
  }
  [[nodiscard]] std::optional<std::string> hidden_line() override {
    const Hidden hidden;
    return line();
  }
};

}  // namespace

std::unique_ptr<Terminal> make_terminal() {
  return std::make_unique<WindowsTerminal>();
}

}  // namespace crmpulse::agent::setup
