#include "probes/workers/workers.h"

#include <csignal>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "core/log.h"

namespace crmpulse::probes {

struct Workers::Shared {
  Shared(int most, std::optional<Duration> wait)
      : most_threads(static_cast<std::size_t>(std::max(1, most))), patience(wait) {}
  const std::size_t most_threads;
  const std::optional<Duration> patience;
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex.
  std::map<Id, Job> jobs;
  std::uint64_t next_id = 0;
  std::vector<std::thread> threads;
  std::size_t alive = 0;
  std::size_t idle = 0;
  bool stopping = false;
};

Workers::Workers(int most_threads, std::optional<Duration> patience)
    : shared_(std::make_shared<Shared>(most_threads, patience)) {}

Workers::Id Workers::at(Time when, Job job) {
  const std::lock_guard lock{shared_->mutex};
  const Id id{when, shared_->next_id++};
  if (shared_->stopping) return id;
  shared_->jobs.emplace(id, std::move(job));
  if (shared_->jobs.size() > shared_->idle && shared_->alive < shared_->most_threads) {
    ++shared_->alive;
    shared_->threads.emplace_back([shared = shared_] { work(shared); });
  }
  shared_->changed.notify_one();
  return id;
}

void Workers::drop(const Id& id) {
  Job dropped;  // destroyed outside the lock: it may hold the last reference to something that locks
  const std::lock_guard lock{shared_->mutex};
  const auto found = shared_->jobs.find(id);
  if (found == shared_->jobs.end()) return;
  dropped = std::move(found->second);
  shared_->jobs.erase(found);
}

void Workers::stop() {
  std::map<Id, Job> dropped;
  std::vector<std::thread> threads;
  std::unique_lock lock{shared_->mutex};
  shared_->stopping = true;
  shared_->changed.notify_all();
  dropped.swap(shared_->jobs);
  threads.swap(shared_->threads);
  const auto all_gone = [&] { return shared_->alive == 0; };
  const bool join = !shared_->patience || shared_->changed.wait_for(lock, *shared_->patience, all_gone);
  lock.unlock();
  for (std::thread& thread : threads) {
    if (join) {
      thread.join();
    } else {
      thread.detach();
    }
  }
}

void Workers::work(const std::shared_ptr<Shared>& shared) {
  // Signals belong to the program's loop; a broken pipe is an error to read, not the end of the process.
#ifndef _WIN32  // where nothing is sent to a thread
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
#endif
  std::unique_lock lock{shared->mutex};
  while (!shared->stopping) {
    const Time due = shared->jobs.empty() ? Time::max() : shared->jobs.begin()->first.first;
    if (due > std::chrono::steady_clock::now()) {
      ++shared->idle;
      if (due == Time::max()) {
        shared->changed.wait(lock);
      } else {
        shared->changed.wait_until(lock, due);
      }
      --shared->idle;
      continue;
    }
    auto job = shared->jobs.extract(shared->jobs.begin());
    lock.unlock();
    try {
      job.mapped()();
    } catch (const std::exception& error) {
      log::error("a job of a worker thread failed", {{"why", error.what()}});
    }
    job = {};
    lock.lock();
  }
  --shared->alive;
  shared->changed.notify_all();
}

}  // namespace crmpulse::probes
