#include "store/collector/writer.h"

#include <sqlite3.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/log.h"
#include "core/loop_thread.h"

namespace crmpulse::store {
namespace {

/// Pages in the write-ahead log at which it is copied into the database: 16 MiB. Less often than SQLite's default,
/// because request bodies fill a log of 4 MiB in a moment.
constexpr int kCheckpointPages = 4096;

struct Task {
  Writer::Job job;
  Writer::Done done;
  std::optional<Error> error;
};

Result<void> run_cached(Database& database, std::string_view sql) {
  const Result<Statement*> statement = database.cached(sql);
  if (!statement) return statement.error();
  return (*statement)->run();
}

/// A job that throws has a bug; it must not take the others' work with it.
Result<void> call(const Writer::Job& job, Database& database) {
  try {
    return job(database);
  } catch (const std::exception& thrown) {
    return Error{std::string{"a writing job failed: "} + thrown.what()};
  }
}

}  // namespace

struct Writer::Impl {
  Impl(Database opened, Options wanted) : options(wanted), database(std::move(opened)) {
    // Replaces SQLite's automatic checkpoint inside COMMIT: here it runs after the waiting callers were told.
    sqlite3_wal_hook(
        database.handle(),
        [](void* pages, sqlite3*, const char*, int count) {
          *static_cast<int*>(pages) = count;
          return SQLITE_OK;
        },
        &wal_pages);
    thread = std::thread{[this] { loop(); }};
  }

  void loop();
  bool take(std::vector<Task>& batch);
  void commit(std::vector<Task>& batch);
  std::optional<Error> run_jobs(std::vector<Task>& batch);
  std::optional<Error> run_job(Task& task);
  std::optional<Error> end_transaction();
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(database.handle()) == 0; }

  const Options options;
  Database database;  ///< the thread's
  int wal_pages = 0;  ///< the thread's

  mutable std::mutex mutex;  ///< guards what follows
  std::condition_variable wake;
  std::deque<Task> queue;
  Stats stats;
  bool stopping = false;

  std::thread thread;
};

Writer::Writer(Database database, Options options) : impl_(std::make_unique<Impl>(std::move(database), options)) {}

Writer::~Writer() {
  {
    const std::lock_guard lock{impl_->mutex};
    impl_->stopping = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
  sqlite3_wal_hook(impl_->database.handle(), nullptr, nullptr);
  sqlite3_wal_checkpoint_v2(impl_->database.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
}

bool Writer::submit(Job job, Done done) {
  {
    const std::lock_guard lock{impl_->mutex};
    if (impl_->stopping || impl_->queue.size() >= impl_->options.max_queued_jobs) return false;
    impl_->queue.push_back({std::move(job), std::move(done), {}});
  }
  impl_->wake.notify_one();
  return true;
}

Result<void> Writer::run(Job job) {
  CRMPULSE_OFF_LOOP();
  std::promise<Result<void>> promise;
  auto future = promise.get_future();
  if (!submit(std::move(job), [&](Result<void> result) { promise.set_value(std::move(result)); })) {
    return Error{"the database's write queue is full"};
  }
  return future.get();
}

Writer::Stats Writer::stats() const {
  const std::lock_guard lock{impl_->mutex};
  Stats stats = impl_->stats;
  stats.queued = impl_->queue.size();
  return stats;
}

void Writer::Impl::loop() {
  std::vector<Task> batch;
  while (take(batch)) {
    commit(batch);
    for (Task& task : batch) {
      if (task.done) task.done(task.error ? Result<void>{*std::move(task.error)} : Result<void>{});
    }
    batch.clear();
    if (wal_pages >= kCheckpointPages) {
      wal_pages = 0;
      sqlite3_wal_checkpoint_v2(database.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    }
  }
}

/// Waits for jobs; false when stopping and none is left. Whatever arrived during the commit before makes this batch.
bool Writer::Impl::take(std::vector<Task>& batch) {
  std::unique_lock lock{mutex};
  wake.wait(lock, [this] { return stopping || !queue.empty(); });
  while (!queue.empty() && batch.size() < options.max_jobs_per_commit) {
    batch.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  return !batch.empty();
}

void Writer::Impl::commit(std::vector<Task>& batch) {
  using SteadyClock = std::chrono::steady_clock;
  std::optional<Error> failed = run_jobs(batch);
  const auto started = SteadyClock::now();
  if (!failed) failed = end_transaction();
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - started).count();
  if (failed) {
    if (in_transaction()) (void)run_cached(database, "ROLLBACK");
    for (Task& task : batch) task.error = failed;
  }
  const std::lock_guard lock{mutex};
  stats.jobs += batch.size();
  stats.commit_seconds_total += seconds;
  ++(failed ? stats.failed_commits : stats.commits);
}

/// An error here is the whole transaction's; a single job's stays in its task.
std::optional<Error> Writer::Impl::run_jobs(std::vector<Task>& batch) {
  if (const Result<void> begun = run_cached(database, "BEGIN IMMEDIATE"); !begun) return begun.error();
  for (Task& task : batch) {
    if (std::optional<Error> failed = run_job(task)) return failed;
  }
  return {};
}

std::optional<Error> Writer::Impl::run_job(Task& task) {
  if (const Result<void> saved = run_cached(database, "SAVEPOINT job"); !saved) return saved.error();
  const Result<void> result = call(task.job, database);
  if (!result) {
    // A full disk or a failed write undoes the transaction in SQLite itself: the jobs before are lost too.
    if (!in_transaction()) return result.error();
    task.error = result.error();
    if (const Result<void> undone = run_cached(database, "ROLLBACK TO job"); !undone) return undone.error();
  }
  if (const Result<void> released = run_cached(database, "RELEASE job"); !released) return released.error();
  return {};
}

std::optional<Error> Writer::Impl::end_transaction() {
  if (const Result<void> committed = run_cached(database, "COMMIT"); !committed) return committed.error();
  database.renew_reserve();
  return {};
}

}  // namespace crmpulse::store
