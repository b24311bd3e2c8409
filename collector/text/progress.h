#pragma once
// How far long work has come, on one line of a terminal that is written anew. Into a pipe or a file: nothing.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace crmpulse::collector {

/// Belongs to one thread. The line is gone when the object goes.
class Progress {
 public:
  /// `what` is said before the figure: `copying the store`.
  explicit Progress(std::string what, std::FILE* to = stderr);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// May be called as often as wanted: it writes a few times a second. `all` of 0: how much it will be is not known,
  /// and `done` is shown as it is.
  void update(std::uint64_t done, std::uint64_t all);
  /// Takes the line away, for something else to be said.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  std::string what_;
  std::FILE* to_;
  bool shown_ = false;  ///< a line stands there
  bool terminal_;
  Clock::time_point next_;
};

/// Returns true if `to` is a terminal that can move its cursor.
[[nodiscard]] bool is_terminal(std::FILE* to);

}  // namespace crmpulse::collector
