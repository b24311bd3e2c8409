#pragma once
// The agent's durable queue: what was measured and not yet acknowledged. Oldest first; bounded; drops the oldest.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/evidence.h"
#include "core/failure/error.h"
#include "core/sample.h"

namespace crmpulse::store {

/// Thread-safe; writes are grouped on a thread of its own (about one sync per `flush_interval`).
class Spool {
 public:
  struct Options {
    std::uint64_t max_bytes = 512ULL * 1024 * 1024;
    Duration flush_interval{200};
  };
  [[nodiscard]] static Result<std::unique_ptr<Spool>> open(const std::string& state_dir, Options options);
  ~Spool();

  /// Queues one measurement's outcome. Does not block on the disk. When the disk is full or the bound is reached the
  /// oldest rows go and are counted.
  void push(std::vector<Sample> samples, std::vector<Evidence> evidence);

  /// `stored` is called, on a thread of the spool's or of flush()'s caller, after measurements were stored and can be
  /// peeked. An empty one ends that; a call may still be under way then.
  void listen(std::function<void()> stored);

  /// What to send next, oldest first; the same until acknowledged. Rows are never split.
  struct Batch {
    std::uint64_t seq = 0;  ///< of its newest row: what acknowledge() takes
    /// X-Crm-Batch-Seq: the same as long as it is the same batch, also after a restart; never that of another one, even
    /// when the folder is put back to what it was (a snapshot, a backup) and rows get numbers that others had.
    std::uint64_t number = 0;
    std::vector<Sample> samples;
    std::vector<Evidence> evidence;
    [[nodiscard]] bool empty() const { return samples.empty() && evidence.empty(); }
  };
  [[nodiscard]] Result<Batch> peek(std::size_t max_samples);
  /// Deletes everything up to and including `seq`. Not synced by itself: after a loss of power what came last may be
  /// there again, and is sent again.
  [[nodiscard]] Result<void> acknowledge(std::uint64_t seq);
  /// Waits until all pushed so far is synced.
  [[nodiscard]] Result<void> flush();

  struct Stats {
    std::uint64_t bytes = 0;
    std::uint64_t rows = 0;
    std::uint64_t dropped_samples = 0;  ///< since the start of the process
    TimePoint oldest;                   ///< epoch when empty
    int damaged_files = 0;              ///< set aside in its folder, found at the start of the process
  };
  [[nodiscard]] Stats stats() const;

  /// A small durable value (the agent's counters, test-record ids).
  [[nodiscard]] Result<void> set(const std::string& name, const std::string& value);
  [[nodiscard]] Result<std::string> get(const std::string& name);

 private:
  Spool();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crmpulse::store
