#pragma once
// The stored history beside the loop: one thread moves readings from the journal into blocks, one answers charts. Each
// has a read-only connection of its own; what is written goes through the one writer.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "collector/history/builder.h"
#include "collector/history/journal_tail.h"
#include "collector/history/query.h"
#include "collector/history/roller.h"
#include "net/loop/loop.h"
#include "store/history/kept_sizes.h"

namespace crmpulse::collector {

/// Belongs to the loop's thread, but for what its own threads run. Destroy it before the writer.
class History {
 public:
  using Done = std::function<void(const Result<HistoryAnswer>&)>;
  struct Stats {
    HistoryBuilder::Stats built;
    HistoryRoller::Stats rolled;
    std::vector<store::KeptSize> sizes;  ///< of the store, at most an hour old; empty until it was looked at
    std::uint64_t failures = 0;          ///< passes that failed and are tried again
    std::uint64_t queries = 0;
    std::uint64_t damaged_blocks = 0;  ///< that queries met
  };

  /// Starts the two threads. The store must exist already.
  [[nodiscard]] static Result<std::unique_ptr<History>> start(net::Loop& loop, store::Writer& writer,
                                                              const std::string& state_dir);
  /// Ends after the current step; waiting queries are not answered.
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  /// Moves, sums up, merges or deletes if it is time to. Call it once a second.
  void tick(TimePoint now, const HistoryKeep& keep);
  /// Call it after the clock was corrected.
  void clock_stepped() { last_tick_ = {}; }
  /// What a job found, to be used on the loop's thread.
  using Then = std::function<void()>;
  /// Runs on the reader's thread, with its connection. Must not keep either.
  using Job = std::function<Then(store::Database&)>;
  /// Runs `job`, and then what it returns on the loop's thread. Returns false, and runs neither, if too many wait.
  [[nodiscard]] bool ask(Job job);
  /// Calls `done` on the loop's thread. Returns false, and does not call it, if too many queries wait.
  [[nodiscard]] bool query(HistoryQuery query, Done done);
  [[nodiscard]] Stats stats() const;

 private:
  History(net::Loop& loop, store::Writer& writer, HistoryBuilder builder, HistoryRoller roller, store::Database reader,
          store::Database sizes_reader);
  void run_builder();
  void run_reader();
  [[nodiscard]] bool work(TimePoint now, const HistoryKeep& keep);
  [[nodiscard]] Result<bool> step(TimePoint now, const HistoryKeep& keep);
  [[nodiscard]] Result<void> look_at_sizes(TimePoint now);

  void set_aside(const DamagedBlocks& damaged);

  net::Loop& loop_;
  store::Writer& writer_;
  HistoryBuilder builder_;        ///< the builder thread's
  HistoryRoller roller_;          ///< likewise
  store::Database sizes_reader_;  ///< likewise
  store::Database reader_;        ///< the reader thread's
  JournalTail tail_;              ///< likewise
  TimePoint last_merge_;          ///< the builder thread's
  TimePoint last_sizes_;          ///< likewise
  TimePoint last_tick_;           ///< the loop's

  mutable std::mutex mutex_;  ///< of all below
  std::condition_variable wake_builder_;
  std::condition_variable wake_reader_;
  std::deque<Job> jobs_;
  bool due_ = false;
  bool stopping_ = false;
  TimePoint now_;
  HistoryKeep keep_;
  Stats stats_;

  std::thread building_;
  std::thread reading_;
};

}  // namespace crmpulse::collector
