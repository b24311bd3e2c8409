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
#include "collector/history/query.h"
#include "net/loop/loop.h"

namespace crmpulse::collector {

/// Belongs to the loop's thread, but for what its own threads run. Destroy it before the writer.
class History {
 public:
  using Done = std::function<void(const Result<HistoryAnswer>&)>;
  struct Stats {
    HistoryBuilder::Stats built;
    std::uint64_t failures = 0;  ///< passes that failed and are tried again
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

  /// Moves, merges or deletes if it is time to. Call it once a second. Deletes readings from before `keep_from`.
  void tick(TimePoint now, TimePoint keep_from);
  /// Call it after the clock was corrected.
  void clock_stepped() { last_tick_ = {}; }
  /// Calls `done` on the loop's thread. Returns false, and does not call it, if too many queries wait.
  [[nodiscard]] bool query(HistoryQuery query, Done done);
  [[nodiscard]] Stats stats() const;

 private:
  History(net::Loop& loop, store::Writer& writer, HistoryBuilder builder, store::Database reader);
  void run_builder();
  void run_reader();
  [[nodiscard]] bool work(TimePoint now, TimePoint keep_from);

  struct Question {
    HistoryQuery query;
    Done done;
  };

  void set_aside(const DamagedBlocks& damaged);

  net::Loop& loop_;
  store::Writer& writer_;
  HistoryBuilder builder_;  ///< the builder thread's
  store::Database reader_;  ///< the reader thread's
  TimePoint last_merge_;    ///< the builder thread's
  TimePoint last_tick_;     ///< the loop's

  mutable std::mutex mutex_;  ///< of all below
  std::condition_variable wake_builder_;
  std::condition_variable wake_reader_;
  std::deque<Question> questions_;
  bool due_ = false;
  bool stopping_ = false;
  TimePoint now_;
  TimePoint keep_from_;
  Stats stats_;

  std::thread building_;
  std::thread reading_;
};

}  // namespace crmpulse::collector
