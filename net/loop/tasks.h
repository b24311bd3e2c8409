#pragma once
// Private to net/: the one place where coroutines are started. A task belongs to a scope, which knows how many run,
// records what they throw, can cancel them and says when the last has ended.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace crmpulse::net {

/// Used on the executor's thread only. Neither waits nor cancels when it goes: its owner cancels and joins, and a task
/// that may outlive the scope owns what it refers to.
class TaskScope {
 public:
  explicit TaskScope(boost::asio::any_io_executor executor);
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  /// `what` names the task in the log when it ends with an exception; it lives as long as the program.
  void spawn(std::string_view what, boost::asio::awaitable<void> task);
  /// Asks every task to end: what it awaits ends with operation_aborted.
  void cancel();
  /// Posts `joined` once no task runs, at once if none does.
  void join(std::function<void()> joined);
  /// Drops pending join() callbacks, because their owners were destroyed.
  void forget_joins();
  [[nodiscard]] int running() const;
  /// Returns how many tasks ended with an exception; a cancellation does not count.
  [[nodiscard]] std::uint64_t failed() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace crmpulse::net
