#pragma once
// A thread beside a loop, for what waits for files: the loop hands it over and goes on.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>

#include "net/loop/loop.h"

namespace crmpulse::net {

/// Runs jobs one after the other, in the order they came. Made and destroyed on the loop's thread (or while nobody runs
/// the loop), and before the Loop.
class FileThread {
 public:
  explicit FileThread(Loop& loop);
  /// Finishes all jobs, then joins. Callbacks that have not run yet are dropped.
  ~FileThread();
  FileThread(const FileThread&) = delete;
  FileThread& operator=(const FileThread&) = delete;

  /// Loop's thread. Queues `work` for the thread; `done` is called on the loop's thread with what it returned. An
  /// exception out of `work` is rethrown on the loop. How many jobs may wait is the caller's to bound.
  template <typename Work, typename Done>
  void run(Work work, Done done) {
    submit([work = std::move(work), done = std::move(done)]() mutable -> std::function<void()> {
      if constexpr (std::is_void_v<decltype(work())>) {
        work();
        return std::move(done);
      } else {
        auto made = std::make_shared<decltype(work())>(work());
        return [made, done = std::move(done)]() mutable { done(std::move(*made)); };
      }
    });
  }

 private:
  /// Gives what is to run on the loop.
  using Job = std::function<std::function<void()>()>;
  void submit(Job job);
  void run_jobs();
  void run_job(Job job);

  Loop& loop_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< callbacks look whether it is still there
  std::mutex mutex_;                                            ///< guards what follows
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace crmpulse::net
