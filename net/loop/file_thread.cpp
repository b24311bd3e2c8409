#include "net/loop/file_thread.h"

#include <exception>

namespace crmpulse::net {

FileThread::FileThread(Loop& loop) : loop_(loop) {
  thread_ = std::thread{[this] { run_jobs(); }};
}

FileThread::~FileThread() {
  CRMPULSE_ON_LOOP(loop_);
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void FileThread::submit(Job job) {
  CRMPULSE_ON_LOOP(loop_);
  {
    const std::lock_guard lock{mutex_};
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void FileThread::run_jobs() {
  std::unique_lock lock{mutex_};
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    run_job(std::move(job));
    lock.lock();
  }
}

void FileThread::run_job(Job job) {
  std::function<void()> done;
  try {
    done = job();
  } catch (...) {
    done = [thrown = std::current_exception()] { std::rethrow_exception(thrown); };
  }
  loop_.post([alive = std::weak_ptr{alive_}, done = std::move(done)] {
    if (!alive.expired()) done();
  });
}

}  // namespace crmpulse::net
