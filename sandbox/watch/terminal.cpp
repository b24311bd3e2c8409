#include "sandbox/watch/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace crmpulse::sandbox {
namespace {

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view{} : value;
}

}  // namespace

TerminalAbilities terminal_abilities() {
  TerminalAbilities abilities;
  abilities.keys = isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
  abilities.screen = abilities.keys && !variable("TERM").empty() && variable("TERM") != "dumb";
  abilities.colour = abilities.screen && variable("NO_COLOR").empty();
  return abilities;
}

TerminalSize terminal_size() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

RawTerminal::RawTerminal(bool screen) : screen_(screen) {
  tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  if (screen_) std::fputs("\x1b[?1049h\x1b[?25l", stdout);
}

RawTerminal::~RawTerminal() {
  if (screen_) std::fputs("\x1b[?25h\x1b[?1049l", stdout);
  std::fflush(stdout);
  tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

}  // namespace crmpulse::sandbox
