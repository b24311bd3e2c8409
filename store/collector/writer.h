#pragma once
// The one writing thread of a database: jobs that arrive together share one transaction and one sync (group commit).

#include <functional>
#include <memory>
#include <string>

#include "core/failure/error.h"
#include "store/sqlite/database.h"

namespace crmpulse::store {

/// Owns the writing connection and its thread. Jobs run in the order they were submitted.
class Writer {
 public:
  /// Runs inside a transaction, in a savepoint of its own: an error undoes this job alone.
  using Job = std::function<Result<void>(Database&)>;
  /// Called on the writer's thread after the commit is synced (or with why it was not). Must not block or throw. A
  /// commit that fails fails all of its jobs.
  using Done = std::function<void(Result<void>)>;

  struct Options {
    std::size_t max_queued_jobs = 4096;
    std::size_t max_jobs_per_commit = 256;
  };

  /// Takes over an open database; the thread starts here.
  explicit Writer(Database database) : Writer(std::move(database), Options{}) {}
  Writer(Database database, Options options);
  /// Finishes what is queued, checkpoints, joins.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Returns false if the queue is full (overload): nothing was queued and `done` is not called. Thread-safe.
  [[nodiscard]] bool submit(Job job, Done done);
  /// Submits and waits; for start-up, shut-down and tests, never on the io thread nor inside a Job or Done.
  [[nodiscard]] Result<void> run(Job job);

  struct Stats {
    std::uint64_t commits = 0;
    std::uint64_t jobs = 0;  ///< run, whatever became of them
    std::uint64_t failed_commits = 0;
    double commit_seconds_total = 0;
    std::size_t queued = 0;
  };
  [[nodiscard]] Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crmpulse::store
