#pragma once
// The person at the terminal: questions go out, lines come back, secrets without being shown.

#include <memory>
#include <optional>
#include <ostream>
#include <string>

namespace crmpulse::agent::setup {

class Terminal {
 public:
  virtual ~Terminal() = default;
  /// Is somebody there who can answer?
  [[nodiscard]] virtual bool is_interactive() const = 0;
  /// Reads one line without its end; nullopt at the end of the input.
  [[nodiscard]] virtual std::optional<std::string> line() = 0;
  /// Like line(), but what is typed is not shown; the terminal is put back also when the program is interrupted.
  [[nodiscard]] virtual std::optional<std::string> hidden_line() = 0;
};

/// The process's standard input, when it and the standard output are a terminal.
[[nodiscard]] std::unique_ptr<Terminal> make_terminal();

}  // namespace crmpulse::agent::setup
