#pragma once
// The terminal the watcher runs in: what it can show, its size, keys one by one.

#include <termios.h>

namespace crmpulse::sandbox {

struct TerminalAbilities {
  bool keys = false;    ///< a person types
  bool screen = false;  ///< lines can be drawn again: not a pipe, not TERM=dumb
  bool colour = false;  ///< and NO_COLOR is not set (https://no-color.org)
};
[[nodiscard]] TerminalAbilities terminal_abilities();

struct TerminalSize {
  int width = 80;
  int height = 24;
};
/// 80 × 24 where the terminal does not say.
[[nodiscard]] TerminalSize terminal_size();

/// Keys arrive one by one and unseen while this lives; with `screen` in a screen of its own.
class RawTerminal {
 public:
  explicit RawTerminal(bool screen);
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  termios before_{};
  bool screen_;
};

}  // namespace crmpulse::sandbox
