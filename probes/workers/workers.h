#pragma once
// Threads for what may block, and for what is due later. One that a driver holds can be left behind, which no thread
// pool of a library can do.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "core/time/time.h"

namespace crmpulse::probes {

/// Threads that run jobs in the order in which they are due; made as they are needed, up to a bound. Thread-safe, but
/// for stop(). What a job throws is logged.
class Workers {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Job = std::function<void()>;
  /// Names a job that has not begun.
  using Id = std::pair<Time, std::uint64_t>;

  /// `patience`: how long stop() waits for jobs that run; nullopt: as long as they take.
  explicit Workers(int most_threads, std::optional<Duration> patience = std::nullopt);
  ~Workers() { stop(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Runs a job soon; drops it after stop().
  void submit(Job job) { (void)at(Time::min(), std::move(job)); }
  /// Runs a job at that time; drops it after stop().
  Id at(Time when, Job job);
  /// Drops a job if it has not begun; never waits for one that runs.
  void drop(const Id& id);
  /// Drops what has not begun and joins; a thread that is held for longer than `patience` is left behind. Not from a
  /// job.
  void stop();

 private:
  struct Shared;
  static void work(const std::shared_ptr<Shared>& shared);
  std::shared_ptr<Shared> shared_;  ///< with the threads, which may outlive this
};

}  // namespace crmpulse::probes
