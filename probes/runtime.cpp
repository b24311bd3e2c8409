#include "probes/runtime.h"

#include <csignal>

#include <algorithm>

namespace crmpulse::probes {

struct WorkerPool::Shared {
  explicit Shared(int max) : max_threads(max) {}
  const int max_threads;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> jobs;
  int alive = 0;
  int idle = 0;
  bool stopping = false;
};

WorkerPool::WorkerPool(int max_threads) : shared_(std::make_shared<Shared>(std::max(1, max_threads))) {}

WorkerPool::~WorkerPool() {
  bool all_gone = false;
  {
    std::unique_lock lock{shared_->mutex};
    shared_->stopping = true;
    shared_->jobs.clear();
    shared_->changed.notify_all();
    all_gone = shared_->changed.wait_for(lock, kStopWait, [&] { return shared_->alive == 0; });
  }
  for (std::thread& thread : threads_) {
    if (all_gone) {
      thread.join();
    } else {
      thread.detach();
    }
  }
}

void WorkerPool::submit(std::function<void()> job) {
  const std::lock_guard lock{shared_->mutex};
  if (shared_->stopping) return;
  shared_->jobs.push_back(std::move(job));
  if (static_cast<int>(shared_->jobs.size()) > shared_->idle && shared_->alive < shared_->max_threads) {
    ++shared_->alive;
    threads_.emplace_back([shared = shared_] { work(shared); });
  }
  shared_->changed.notify_one();
}

void WorkerPool::work(const std::shared_ptr<Shared>& shared) {
  // Signals belong to the program's loop; a broken pipe is an error to read, not the end of the process.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock{shared->mutex};
  while (true) {
    ++shared->idle;
    shared->changed.wait(lock, [&] { return shared->stopping || !shared->jobs.empty(); });
    --shared->idle;
    if (shared->stopping) break;
    {
      std::function<void()> job = std::move(shared->jobs.front());
      shared->jobs.pop_front();
      lock.unlock();
      job();
    }
    lock.lock();
  }
  --shared->alive;
  shared->changed.notify_all();
}

TimerThread::TimerThread() : thread_([this] { loop(); }) {}

TimerThread::~TimerThread() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

TimerThread::Id TimerThread::set(sql::SteadyTime at, std::function<void()> call) {
  const std::lock_guard lock{mutex_};
  const Id id{at, next_++};
  const auto place = calls_.emplace(id, std::move(call)).first;
  if (place == calls_.begin()) changed_.notify_all();
  return id;
}

void TimerThread::clear(const Id& id) {
  std::function<void()> dropped;  // destroyed outside the lock: it may hold the last reference to something that locks
  const std::lock_guard lock{mutex_};
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  dropped = std::move(found->second);
  calls_.erase(found);
}

void TimerThread::loop() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock{mutex_};
  while (!stopping_) {
    if (calls_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const sql::SteadyTime at = calls_.begin()->first.first;
    if (std::chrono::steady_clock::now() < at) {
      changed_.wait_until(lock, at);
      continue;
    }
    {
      const std::function<void()> call = std::move(calls_.begin()->second);
      calls_.erase(calls_.begin());
      lock.unlock();
      call();
    }
    lock.lock();
  }
}

net::HttpClient::Options Runtime::Impl::http_options(const Options& options) {
  net::HttpClient::Options http;
  http.max_connections = options.max_connections;
  http.max_kept_connections = std::min(http.max_kept_connections, options.max_connections);
  http.max_in_flight = std::min(http.max_in_flight, options.max_connections);
  return http;
}

Runtime::Impl::~Impl() {
  std::vector<std::weak_ptr<CancellableRun>> left;
  {
    const std::lock_guard lock{mutex};
    left.swap(targets);
  }
  for (const auto& entry : left) {
    if (const auto target = entry.lock()) target->stop();
  }
}

void Runtime::Impl::register_run(const std::shared_ptr<CancellableRun>& target) {
  const std::lock_guard lock{mutex};
  std::erase_if(targets, [](const auto& entry) { return entry.expired(); });
  targets.push_back(target);
}

Runtime::Runtime(Options options) : impl_(std::make_unique<Impl>(options)) {}
Runtime::~Runtime() = default;

}  // namespace crmpulse::probes
