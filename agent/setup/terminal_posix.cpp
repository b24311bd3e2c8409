#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "agent/setup/terminal.h"

namespace crmpulse::agent::setup {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
termios shown{};  // as the terminal was before hidden_line(), for the handler

extern "C" void put_back(int signal) {
  (void)::tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
  (void)std::signal(signal, SIG_DFL);
  (void)std::raise(signal);
}

/// No echo as long as it lives.
class Hidden {
 public:
  Hidden() {
    if (::tcgetattr(STDIN_FILENO, &shown) != 0) return;
    termios quiet = shown;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL;
    struct sigaction handler{};
    handler.sa_handler = put_back;
    for (std::size_t i = 0; i < std::size(kSignals); ++i) ::sigaction(kSignals[i], &handler, &before_[i]);
    hidden_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
  }
  ~Hidden() {
    if (!hidden_) return;
    (void)::tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    for (std::size_t i = 0; i < std::size(kSignals); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;

 private:
  struct sigaction before_[std::size(kSignals)]{};
  bool hidden_ = false;
};

class PosixTerminal final : public Terminal {
 public:
  [[nodiscard]] bool is_interactive() const override {
    return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
  }
  [[nodiscard]] std::optional<std::string> line() override {
    std::string text;
    if (!std::getline(std::cin, text)) return std::nullopt;
    return text;
  }
  [[nodiscard]] std::optional<std::string> hidden_line() override {
    const Hidden hidden;
    return line();
  }
};

}  // namespace

std::unique_ptr<Terminal> make_terminal() {
  return std::make_unique<PosixTerminal>();
}

}  // namespace crmpulse::agent::setup
