#pragma once
// Internal to probes/auth/: the thread the logins are made on. The client's thread may not wait for a disk.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace crmpulse::probes::auth {

/// Runs tasks one after the other, some of them later. Thread-safe, but for stop().
class Worker {
 public:
  using Clock = std::chrono::steady_clock;

  Worker();
  /// stop() has been called.
  ~Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void post(std::function<void()> task) { at(Clock::time_point::min(), std::move(task)); }
  void at(Clock::time_point when, std::function<void()> task);
  /// Waits for the current task and joins; waiting and later tasks are dropped. Must not be called from a task.
  void stop();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Clock::time_point, std::function<void()>> tasks_;  ///< guarded by mutex_
  bool stopping_ = false;                                          ///< guarded by mutex_
  std::thread thread_;
};

}  // namespace crmpulse::probes::auth
