#pragma once
// Rehearsals beside the loop: one at a time, on a thread and a read-only connection of their own.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "collector/backtest/rehearsal.h"
#include "net/loop/loop.h"

namespace crmpulse::collector {

/// Belongs to the loop's thread, but for what its own thread runs.
class Rehearsals {
 public:
  using Done = std::function<void(const Result<Rehearsal>&)>;
  /// Asked on the loop's thread: has whoever waits for it gone?
  using Gone = std::function<bool()>;

  /// The store must exist already.
  [[nodiscard]] static Result<std::unique_ptr<Rehearsals>> start(net::Loop& loop, const std::string& state_dir);
  /// Ends after the current six hours of samples; whoever waits is not answered.
  ~Rehearsals();
  Rehearsals(const Rehearsals&) = delete;
  Rehearsals& operator=(const Rehearsals&) = delete;

  /// Calls `done` on the loop's thread. Returns false, and does not call it, while another rehearsal runs or after
  /// stop().
  [[nodiscard]] bool ask(RehearsalPlan plan, Gone gone, Done done);
  /// Gives up what runs, and takes nothing more.
  void stop();

 private:
  struct Task {
    RehearsalPlan plan;
    Done done;
  };
  Rehearsals(net::Loop& loop, store::Database database);
  void run();
  void finish(const Result<Rehearsal>& outcome, const Done& done);

  net::Loop& loop_;
  store::Database database_;  ///< the thread's
  net::Loop::Timer watch_;
  bool busy_ = false;
  bool stopped_ = false;
  std::atomic<bool> cancelled_ = false;

  std::mutex mutex_;  ///< of the next two
  std::optional<Task> task_;
  bool ending_ = false;
  std::condition_variable wake_;
  std::thread thread_;  ///< last: it uses the others
};

}  // namespace crmpulse::collector
