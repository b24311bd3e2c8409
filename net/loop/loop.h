#pragma once
// The io thread without Asio in sight: posting, timers, signals. Everything that owns state runs its code here.

#include <functional>
#include <memory>

#include "core/loop_thread.h"
#include "core/time/time.h"

namespace crmpulse::net {

/// One io_context and the one thread that calls run(). Handlers must not block. An exception out of a handler ends
/// run() by being rethrown.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs until stop(). SIGTERM and SIGINT call on_stop (once; a second signal ends the process at once), SIGHUP
  /// on_reload, and so does raise_control() of controls.h; handlers are set before run().
  void run();
  /// Ends run() after the handler that is running; what is queued is dropped with the loop (or found by a further
  /// run()). Thread-safe.
  void stop();
  /// Runs `task` on the loop's thread, soon. Thread-safe.
  void post(std::function<void()> task);
  /// Am I on the loop's thread?
  [[nodiscard]] bool on_thread() const;
  /// Returns true if this thread may use what belongs to the loop: it runs the loop, or nobody does.
  [[nodiscard]] bool owned_here() const;

  void on_stop(std::function<void()> handler);
  void on_reload(std::function<void()> handler);

  /// A timer of the steady clock; cancelled when the handle goes. Made and destroyed on the loop's thread
  /// (or while nobody runs the loop), and before the Loop.
  class Timer {
   public:
    struct Impl;
    Timer();
    explicit Timer(std::shared_ptr<Impl> impl);
    ~Timer();
    Timer(Timer&&) noexcept;
    Timer& operator=(Timer&&) noexcept;
    void cancel();

   private:
    std::shared_ptr<Impl> impl_;
  };
  [[nodiscard]] Timer after(Duration delay, std::function<void()> task);
  /// Fixed rate; a late round is run once, not caught up.
  [[nodiscard]] Timer every(Duration period, std::function<void()> task);

  struct Impl;  ///< for net/ itself: holds the io_context
  [[nodiscard]] Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace crmpulse::net

/// At the entrances of what belongs to a loop: this thread runs `loop`, or nobody does.
#define CRMPULSE_ON_LOOP(loop) CRMPULSE_CHECK_THREAD((loop).owned_here() && "this belongs to the loop's thread")
