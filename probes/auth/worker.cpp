#include "probes/auth/worker.h"

#include <exception>
#include <utility>

#include "core/log.h"

namespace crmpulse::probes::auth {

Worker::Worker() {
  thread_ = std::thread([this] { run(); });
}

void Worker::at(Clock::time_point when, std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    tasks_.emplace(when, std::move(task));
  }
  changed_.notify_one();
}

void Worker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  std::multimap<Clock::time_point, std::function<void()>> dropped;  // what they hold may post: not under the lock
  const std::lock_guard lock(mutex_);
  dropped.swap(tasks_);
}

void Worker::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (tasks_.empty()) {
      changed_.wait(lock);
    } else if (const auto when = tasks_.begin()->first; when > Clock::now()) {
      changed_.wait_until(lock, when);
    } else {
      auto task = tasks_.extract(tasks_.begin());
      lock.unlock();
      try {
        task.mapped()();
      } catch (const std::exception& error) {
        log::error("a task of the logins threw", {{"error", error.what()}});
      }
      task = {};
      lock.lock();
    }
  }
}

}  // namespace crmpulse::probes::auth
